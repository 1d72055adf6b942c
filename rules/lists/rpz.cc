// Response policy zones: `name CNAME .` (NXDOMAIN), `name CNAME *.` (NODATA), rpz-drop., rpz-passthru. (an exception),
// A and AAAA as local data. A name is exact, `*.name` is all below it; the longest owner decides.
// Source: draft-vixie-dnsop-dns-rpz-00, sections 3 and 4; RFC 1035 section 5 for the zone file.
#include "rules/ascii.h"
#include "rules/list_reader.h"

namespace hort::lists {
namespace {

bool is_ttl_or_class(const std::string& word) {
    if (word == "in") return true;
    if (word.empty() || word[0] < '0' || word[0] > '9') return false;
    return word.find_first_not_of("0123456789smhdw") == std::string::npos;
}

class RpzReader final : public LineReader {
  public:
    using LineReader::LineReader;

    std::string read(std::string_view line) override {
        line = trim(line.substr(0, line.find(';')));
        if (line.empty()) return {};
        if (depth_ > 0) {  // the rest of a record in parentheses
            count_parentheses(line);
            return {};
        }
        if (line.starts_with('$')) {
            auto rest = line;
            const auto directive = lower(take_word(rest));
            if (directive == "$origin") origin_ = lower(first_word(rest));
            return {};
        }
        auto rest = line;
        std::string owner = lower(take_word(rest));
        // A line that begins with a type, a class or a TTL continues the owner before it: blanks were trimmed away.
        std::string word = owner;
        if (is_ttl_or_class(owner) || dns_type(owner) != 0 || owner == "soa" || owner == "ns") {
            owner = last_owner_;
        } else {
            last_owner_ = owner;
            word = lower(take_word(rest));
        }
        while (is_ttl_or_class(word)) word = lower(take_word(rest));
        if (word == "soa") {
            if (origin_.empty() && owner.ends_with('.')) origin_ = owner;
            count_parentheses(rest);
            return {};
        }
        if (word == "ns") return {};
        ListRule rule;
        const auto target = lower(first_word(rest));
        if (word == "cname") {
            if (target == "." || target == "*." || target == "rpz-drop.")
                rule.effect = ListRule::Effect::block;
            else if (target == "rpz-passthru." || target == "rpz-passthru")
                rule.effect = ListRule::Effect::allow;
            else if (target == "rpz-tcp-only.") {
                sink_.skip();
                return {};
            } else
                rule.effect = ListRule::Effect::rewrite;
        } else if (word == "a" || word == "aaaa") {
            if (!is_address(target)) return "not an address: '" + target.substr(0, 60) + "'";
            rule.effect = is_null_address(target) ? ListRule::Effect::block : ListRule::Effect::rewrite;
        } else if (dns_type(word) != 0) {
            sink_.skip();
            return {};
        } else {
            return "not a record of a policy zone: '" + std::string(line.substr(0, 60)) + "'";
        }
        return put(owner, rule);
    }

  private:
    void count_parentheses(std::string_view text) {
        for (const char c : text) depth_ += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth_ < 0) depth_ = 0;
    }

    std::string put(std::string owner, ListRule& rule) {
        if (owner.ends_with('.')) {  // absolute: the zone's name is not part of the trigger
            if (origin_.size() > 1 && owner.size() > origin_.size() && owner.ends_with("." + origin_))
                owner.resize(owner.size() - origin_.size() - 1);
            else
                owner.pop_back();
        }
        const auto last = owner.substr(owner.rfind('.') + 1);
        if (last == "rpz-ip" || last == "rpz-nsip" || last == "rpz-nsdname" || last == "rpz-client-ip") {
            sink_.skip();
            return {};
        }
        rule.kind = ListRule::Kind::exact;
        if (owner.starts_with("*.")) {
            owner.erase(0, 2);
            rule.kind = ListRule::Kind::below;
        }
        const auto host = parse_site(owner);
        if (!host) return host.error().text();
        if (rule.kind == ListRule::Kind::exact && rule.effect == ListRule::Effect::block) {
            sink_.name(*host, Scope::exact);
        } else {
            rule.text = std::string(host->text());
            sink_.rule(rule);
        }
        return {};
    }

    std::string origin_, last_owner_;
    int depth_ = 0;
};

}  // namespace

std::unique_ptr<LineReader> make_rpz_reader(LineSink& sink) { return std::make_unique<RpzReader>(sink); }

}  // namespace hort::lists
