#include "rules/json_text.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

namespace hort {
namespace {

constexpr std::size_t max_depth = 64;
constexpr std::size_t max_members = 4096;  // of one object: keys are compared one by one

// Walks over the text and lets the reader below see how far the parser has come.
class CountingIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, std::size_t* count) : at_(at), count_(count) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        ++at_;
        ++*count_;
        return *this;
    }
    CountingIterator operator++(int) {
        auto old = *this;
        ++*this;
        return old;
    }
    // != is made of it by the language.
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

  private:
    const char* at_;
    std::size_t* count_;
};

class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
  public:
    TreeBuilder(std::string_view text, const std::string& name, const std::size_t& read)
        : text_(text), name_(name), read_(read) {
        if (text_.starts_with("\xef\xbb\xbf")) seen_ = 3;
    }

    bool null() override { return put(value(JsonNode::Kind::null, 4)); }
    bool boolean(bool given) override {
        auto node = value(JsonNode::Kind::boolean, given ? 4 : 5);
        node.boolean = given;
        return put(std::move(node));
    }
    bool number_integer(number_integer_t given) override { return put_integer(given); }
    bool number_unsigned(number_unsigned_t given) override {
        if (given <= INT64_MAX) return put_integer(static_cast<std::int64_t>(given));
        return number_float(static_cast<double>(given), {});
    }
    bool number_float(number_float_t given, const string_t&) override {
        auto node = value(JsonNode::Kind::number, 0);
        skip_number();
        node.number = given;
        return put(std::move(node));
    }
    bool string(string_t& given) override {
        auto node = value(JsonNode::Kind::string, 0);
        seen_ = read_;
        node.text = std::move(given);
        return put(std::move(node));
    }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(JsonNode::Kind::object); }
    bool start_array(std::size_t) override { return open(JsonNode::Kind::array); }
    bool key(string_t& given) override {
        const auto at = value(JsonNode::Kind::string, 0);
        seen_ = read_;
        auto& object = open_.back().node;
        if (object.members.size() == max_members) {
            error = Error{"more than 4,096 keys in one object", place(at.line, at.column), {}};
            return false;
        }
        if (object.find(given) != nullptr) {
            error = Error{"\"" + given.substr(0, 40) + "\" stands twice in this object", place(at.line, at.column), {}};
            return false;
        }
        object.members.push_back({given, at.line, at.column, {}});
        return true;
    }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& fault) override {
        // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing value - ..."
        std::string what = fault.what();
        if (const auto dash = what.find(" - "); dash != std::string::npos) what.erase(0, dash + 3);
        move_to(position > 0 ? position - 1 : 0);
        error = Error{"not JSON: " + what.substr(0, 200), place(line_, column_), {}};
        return false;
    }

    JsonNode root;
    std::optional<Error> error;

  private:
    struct Open {
        JsonNode node;
    };

    std::string place(int line, int column) const {
        return name_ + ":" + std::to_string(line) + ":" + std::to_string(column);
    }

    // Counts lines up to `position`; positions only grow.
    void move_to(std::size_t position) {
        for (; counted_ < position && counted_ < text_.size(); ++counted_) {
            if (text_[counted_] == '\n')
                ++line_, column_ = 1;
            else
                ++column_;
        }
    }

    // Over what stands between two values.
    void skip_between() {
        for (;;) {
            while (seen_ < text_.size() && std::string_view(" \t\r\n,:").find(text_[seen_]) != std::string_view::npos)
                ++seen_;
            const auto rest = text_.substr(std::min(seen_, text_.size()));
            if (rest.starts_with("//")) {
                const auto end = rest.find('\n');
                seen_ = end == std::string_view::npos ? text_.size() : seen_ + end;
            } else if (rest.starts_with("/*")) {
                const auto end = rest.find("*/", 2);
                seen_ = end == std::string_view::npos ? text_.size() : seen_ + end + 2;
            } else {
                return;
            }
        }
    }

    void skip_number() {
        while (seen_ < text_.size() && std::string_view("+-.eE0123456789").find(text_[seen_]) != std::string_view::npos)
            ++seen_;
    }

    JsonNode value(JsonNode::Kind kind, std::size_t length) {
        skip_between();
        move_to(seen_);
        JsonNode node;
        node.kind = kind;
        node.line = line_;
        node.column = column_;
        seen_ += length;
        return node;
    }

    bool put_integer(std::int64_t given) {
        auto node = value(JsonNode::Kind::number, 0);
        skip_number();
        node.number = static_cast<double>(given);
        node.integer = given;
        node.is_integer = true;
        return put(std::move(node));
    }

    bool put(JsonNode node) {
        if (open_.empty())
            root = std::move(node);
        else if (open_.back().node.is(JsonNode::Kind::array))
            open_.back().node.items.push_back(std::move(node));
        else
            open_.back().node.members.back().value = std::move(node);
        return true;
    }

    bool open(JsonNode::Kind kind) {
        auto node = value(kind, 1);
        if (open_.size() == max_depth) {
            error = Error{"nested more than 64 levels deep", place(node.line, node.column), {}};
            return false;
        }
        open_.push_back({std::move(node)});
        return true;
    }

    bool close() {
        skip_between();
        ++seen_;
        auto node = std::move(open_.back().node);
        open_.pop_back();
        return put(std::move(node));
    }

    std::string_view text_;
    const std::string& name_;
    const std::size_t& read_;
    std::size_t seen_ = 0, counted_ = 0;  // up to where values were taken, and lines counted
    int line_ = 1, column_ = 1;
    std::vector<Open> open_;
};

}  // namespace

const JsonNode* JsonNode::find(std::string_view key) const {
    for (const auto& member : members)
        if (member.key == key) return &member.value;
    return nullptr;
}

std::string_view name_of(JsonNode::Kind kind) {
    constexpr std::string_view names[] = {"null", "true or false", "a number", "a string", "an array", "an object"};
    return names[static_cast<std::size_t>(kind)];
}

Result<JsonNode> parse_json_text(std::string_view text, const std::string& name) {
    std::size_t read = 0;
    TreeBuilder builder(text, name, read);
    const CountingIterator begin(text.data(), &read), end(text.data() + text.size(), &read);
    const bool is_good =
        nlohmann::json::sax_parse(begin, end, &builder, nlohmann::json::input_format_t::json, true, true);
    if (builder.error) return *std::move(builder.error);
    if (!is_good) return Error{"not JSON", name, {}};
    return std::move(builder.root);
}

}  // namespace hort
