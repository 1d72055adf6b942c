// Plain domain lists, one name a line, as UT1 and squidGuard publish them: the name and all below it.
// Source: https://dsi.ut-capitole.fr/blacklists/index_en.php and the squidGuard documentation on domain lists.
#include "rules/list_reader.h"

namespace hort::lists {

std::string read_domains_line(std::string_view line, const Accept& accept) {
    const auto word = first_word(line);
    if (word.size() != line.size()) return "more than one word: '" + std::string(line.substr(0, 60)) + "'";
    const auto host = Hostname::parse(word);
    if (!host) return host.error().text();
    if (host->label_count() < 2) return std::string(word) + ": a single label would cover a whole top-level domain";
    accept(*host, Scope::subtree);
    return {};
}

}  // namespace hort::lists
