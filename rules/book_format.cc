#include "rules/book_format.h"

namespace hort {
namespace {

class Writer {
  public:
    void number(std::uint32_t value) {
        for (int shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<std::byte>(value >> shift & 0xff));
    }
    void text(const std::string& text) {
        number(static_cast<std::uint32_t>(text.size()));
        for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
    }
    void texts(const std::vector<std::string>& all) {
        number(static_cast<std::uint32_t>(all.size()));
        for (const auto& one : all) text(one);
    }
    void numbers(const std::vector<std::uint16_t>& all) {
        number(static_cast<std::uint32_t>(all.size()));
        for (const auto one : all) number(one);
    }
    std::vector<std::byte> take() { return std::move(bytes_); }

  private:
    std::vector<std::byte> bytes_;
};

// Past the end everything is zero or empty, and is_whole() false: one check at the end is enough.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : left_(bytes) {}
    std::uint32_t number() {
        if (left_.size() < 4) return fail();
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(left_[i]) << 8 * i;
        left_ = left_.subspan(4);
        return value;
    }
    // A number of items, each of at least `size` octets.
    std::uint32_t count(std::size_t size) {
        const auto value = number();
        return value > left_.size() / size ? fail() : value;
    }
    std::string text() {
        const auto size = count(1);
        std::string out(reinterpret_cast<const char*>(left_.data()), size);
        left_ = left_.subspan(size);
        return out;
    }
    std::vector<std::string> texts() {
        std::vector<std::string> out(count(4));
        for (auto& one : out) one = text();
        return out;
    }
    std::vector<std::uint16_t> numbers() {
        std::vector<std::uint16_t> out(count(4));
        for (auto& one : out) one = static_cast<std::uint16_t>(number());
        return out;
    }
    bool is_whole() const { return !has_failed_ && left_.empty(); }

  private:
    std::uint32_t fail() {
        has_failed_ = true;
        left_ = {};
        return 0;
    }
    std::span<const std::byte> left_;
    bool has_failed_ = false;
};

constexpr std::uint32_t no_category = 0xff;
constexpr std::size_t list_size = 8, least_rule_size = 44;

}  // namespace

std::vector<std::byte> write_book_format(const StoredBook& book) {
    Writer out;
    out.number(static_cast<std::uint32_t>(book.lists.size()));
    for (const auto& list : book.lists) {
        out.number(list.longest_decides ? 1 : 0);
        out.number(list.category ? *list.category : no_category);
    }
    out.number(static_cast<std::uint32_t>(book.rules.size()));
    for (const auto& [list, line, rule] : book.rules) {
        out.number(list);
        out.number(line);
        out.number(static_cast<std::uint32_t>(rule.kind) | static_cast<std::uint32_t>(rule.effect) << 8 |
                   (rule.is_important ? 1u : 0u) << 16 | (rule.is_rewrite ? 1u : 0u) << 17);
        out.text(rule.rewrite);
        out.text(rule.text);
        out.text(rule.signature);
        out.texts(rule.not_below);
        out.numbers(rule.types);
        out.numbers(rule.not_types);
        out.texts(rule.clients);
        out.texts(rule.not_clients);
    }
    return out.take();
}

Result<StoredBook> read_book_format(std::span<const std::byte> bytes) {
    Reader in(bytes);
    StoredBook out;
    out.lists.resize(in.count(list_size));
    for (auto& list : out.lists) {
        list.longest_decides = in.number() != 0;
        const auto category = in.number();
        if (category > 63 && category != no_category) return Error{"a rule names no category", {}, {}};
        if (category != no_category) list.category = static_cast<Category>(category);
    }
    out.rules.resize(in.count(least_rule_size));
    for (auto& [list, line, rule] : out.rules) {
        list = in.number();
        line = in.number();
        const auto flags = in.number();
        if ((flags & 0xff) > static_cast<std::uint32_t>(ListRule::Kind::badfilter) ||
            (flags >> 8 & 0xff) > static_cast<std::uint32_t>(ListRule::Effect::allow_rewrite))
            return Error{"a rule is of no known kind", {}, {}};
        rule.kind = static_cast<ListRule::Kind>(flags & 0xff);
        rule.effect = static_cast<ListRule::Effect>(flags >> 8 & 0xff);
        rule.is_important = (flags >> 16 & 1) != 0;
        rule.is_rewrite = (flags >> 17 & 1) != 0;
        rule.rewrite = in.text();
        rule.text = in.text();
        rule.signature = in.text();
        rule.not_below = in.texts();
        rule.types = in.numbers();
        rule.not_types = in.numbers();
        rule.clients = in.texts();
        rule.not_clients = in.texts();
    }
    if (!in.is_whole()) return Error{"the rules are damaged", {}, {}};
    return out;
}

}  // namespace hort
