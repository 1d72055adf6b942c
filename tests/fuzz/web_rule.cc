// Rules for URLs: a rule as somebody types it, a host and a request target as a browser sends it, with line feeds
// between.
#include "rules/web_rule.h"

#include <cstdlib>

#include "rules/fold_text.h"
#include "rules/request_target.h"
#include "rules/safe_request.h"
#include "rules/url_path.h"

using namespace hort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 20'000) return 0;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto line = [&] {
        const auto out = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), out.size() + 1));
        return out;
    };
    const auto rule = WebRule::parse(line());
    const auto host = Hostname::parse(line());
    if (rule) {
        // What was read is written as something that is read the same.
        const auto again = WebRule::parse(rule->subject());
        if (!again || again->subject() != rule->subject()) std::abort();
    }
    if (!host) return 0;
    const auto& safe_search = SafeSearch::shipped();
    const auto searched = folded(safe_search.searched(*host, text));
    if (folded(searched) != searched) std::abort();
    const auto words = words_of(searched);
    const auto url = normal_url(*host, text);
    if (rule) (void)(rule->covers_page(url) || rule->covers_search(searched, words) || rule->covers_type(text));
    for (const auto& site : sites_within(*host, text))
        if (site.label_count() < 2) std::abort();
    (void)file_extension(text);
    // A search that was made safe is safe.
    const auto safe = safe_search.safe_target(*host, text);
    if (!safe.empty() && !safe_search.safe_target(*host, safe).empty()) std::abort();
    (void)parse_google_domains(text);
    return 0;
}
