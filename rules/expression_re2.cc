#include <re2/re2.h>
#include <re2/set.h>

#include <stdexcept>

#include "rules/expression.h"

namespace hort {
namespace {

constexpr int max_bytes_of_one = 1 << 20;
// Instructions of the compiled program; what people write has some dozens. A larger one is built of nested
// repetitions and would fill the automaton's memory again and again.
constexpr int max_program = 5000;
constexpr std::int64_t max_bytes_of_set = 64 << 20;

re2::RE2::Options options(std::int64_t bytes) {
    re2::RE2::Options out;
    out.set_log_errors(false);
    out.set_case_sensitive(false);
    out.set_encoding(re2::RE2::Options::EncodingLatin1);  // hosts and URLs are octets; so is a damaged list
    out.set_never_capture(true);
    out.set_max_mem(bytes);
    return out;
}

class Re2Set final : public ExpressionSet {
  public:
    explicit Re2Set(const std::vector<std::string>& texts) : set_(options(max_bytes_of_set), re2::RE2::UNANCHORED) {
        for (const auto& text : texts) {
            if (set_.Add(text, nullptr) < 0) throw std::logic_error("an expression that was not checked");
            alone_.push_back(std::make_unique<re2::RE2>(text, options(max_bytes_of_one)));
        }
        is_compiled_ = set_.Compile();
    }

    void search(std::string_view text, std::vector<std::uint32_t>& found) const override {
        const re2::StringPiece piece(text.data(), text.size());
        if (is_compiled_) {
            std::vector<int> numbers;
            re2::RE2::Set::ErrorInfo fault{};
            set_.Match(piece, &numbers, &fault);
            if (fault.kind == re2::RE2::Set::kNoError) {
                for (const int number : numbers) found.push_back(static_cast<std::uint32_t>(number));
                return;
            }
        }
        // The common automaton ran out of its memory: one after the other is slower and bounded.
        for (std::uint32_t i = 0; i < alone_.size(); ++i)
            if (re2::RE2::PartialMatch(piece, *alone_[i])) found.push_back(i);
    }

  private:
    re2::RE2::Set set_;
    std::vector<std::unique_ptr<re2::RE2>> alone_;
    bool is_compiled_ = false;
};

}  // namespace

bool ExpressionSet::is_available() { return true; }

Status ExpressionSet::check(const std::string& text) {
    const re2::RE2 compiled(text, options(max_bytes_of_one));
    if (!compiled.ok()) return Error{"not a regular expression", text.substr(0, 60), "RE2 says: " + compiled.error()};
    if (compiled.ProgramSize() > max_program)
        return Error{"the expression would be slow", text.substr(0, 60),
                     "it compiles to " + std::to_string(compiled.ProgramSize()) + " steps, at most " +
                         std::to_string(max_program) + " are taken: repeat less"};
    return Done{};
}

std::unique_ptr<ExpressionSet> ExpressionSet::compile(const std::vector<std::string>& texts) {
    return std::make_unique<Re2Set>(texts);
}

}  // namespace hort
