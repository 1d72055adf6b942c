// Plain domain lists, one name a line, as UT1 and squidGuard publish them: the name and all below it; `*.name` and
// `.name` mean the same. And squid's dstdomain, where only `.name` reaches below.
// Sources: https://dsi.ut-capitole.fr/blacklists/index_en.php, the squidGuard documentation on domain lists, and
// http://www.squid-cache.org/Doc/config/acl/ (dstdomain).
#include "rules/list_reader.h"

namespace hort::lists {
namespace {

class DomainsReader final : public LineReader {
  public:
    DomainsReader(LineSink& sink, Scope bare) : LineReader(sink), bare_(bare) {}

    std::string read(std::string_view line) override {
        auto name = without_comment(line);
        if (name.empty() || name.starts_with('!') || name.starts_with(';')) return {};
        const auto word = first_word(name);
        if (word.size() != name.size()) return "more than one word: '" + std::string(name.substr(0, 60)) + "'";
        if (is_address(word)) {
            sink_.skip();  // squidGuard lists may name addresses
            return {};
        }
        Scope scope = bare_;
        if (word.starts_with("*.") || word.starts_with('.')) {
            name = word.substr(word[0] == '*' ? 2 : 1);
            scope = Scope::subtree;
        }
        const auto host = parse_site(name);
        if (!host) return host.error().text();
        sink_.name(*host, scope);
        return {};
    }

  private:
    Scope bare_;
};

}  // namespace

std::unique_ptr<LineReader> make_domains_reader(LineSink& sink) {
    return std::make_unique<DomainsReader>(sink, Scope::subtree);
}
std::unique_ptr<LineReader> make_dstdomain_reader(LineSink& sink) {
    return std::make_unique<DomainsReader>(sink, Scope::exact);
}

}  // namespace hort::lists
