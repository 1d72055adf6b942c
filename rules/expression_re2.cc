#include <re2/re2.h>

#include "rules/expression.h"

namespace hort {
namespace {

constexpr int max_bytes = 1 << 20;  // of one compiled expression

class Re2Expression final : public Expression {
  public:
    explicit Re2Expression(const std::string& text) : re2_(text, options()) {}
    bool is_found_in(std::string_view text) const override {
        return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), re2_);
    }
    const re2::RE2& re2() const { return re2_; }

  private:
    static re2::RE2::Options options() {
        re2::RE2::Options out;
        out.set_log_errors(false);
        out.set_case_sensitive(false);
        out.set_never_capture(true);
        out.set_max_mem(max_bytes);
        return out;
    }
    re2::RE2 re2_;
};

}  // namespace

Result<std::unique_ptr<Expression>> Expression::compile(const std::string& text) {
    auto out = std::make_unique<Re2Expression>(text);
    if (!out->re2().ok())
        return Error{"not a regular expression", text.substr(0, 60), "RE2 says: " + out->re2().error()};
    return std::unique_ptr<Expression>(std::move(out));
}

}  // namespace hort
