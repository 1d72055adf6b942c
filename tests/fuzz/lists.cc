// Octets as a list, compiled, looked up and matched; and as an image. The format is the detected one for half of the
// inputs, and chosen by their size for the others, so that one input costs one format.
#include <cstdlib>
#include <cstring>
#include <string>

#include "rules/compiler.h"
#include "rules/essential_allow.h"
#include "rules/list_intake.h"
#include "rules/list_matcher.h"
#include "rules/protected_help.h"

using namespace hort;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto detected = detect_list_format(text);
    const auto names = list_format_names();
    const auto format = size % 2 == 0 ? detected : *parse_list_format(names[size / 2 % names.size()]);

    // Compiled and matched: both say the same of every host that the list names.
    const auto include = [](const std::string&) { return std::optional<std::string>("a.b.c\n"); };
    std::vector<Hostname> hosts;
    (void)read_list(text, format, {.name = [&](const ListEntry& entry) {
                        if (hosts.size() < 50) hosts.push_back(entry.host);
                    }});
    RulesetCompiler compiler(Taxonomy::shipped(), HashKey{1, 2});
    std::vector<std::string> warnings;
    const ListSource source{"l", format, Category{0}, {}};
    (void)compile_list(compiler, source, std::string(text), include, warnings);
    const auto rules = Ruleset::open(image_in_memory(*compiler.finish(0)), Taxonomy::shipped());
    if (!rules) std::abort();
    ListMatcher matcher;
    matcher.add(source, std::string(text), include);
    matcher.finish();
    const std::string_view mia = "mia";
    for (const auto& host : hosts) {
        if (ProtectedHelp::shipped().contains(host) || EssentialAllow::shipped().contains(host)) continue;
        const bool is_listed = !(*rules)->lookup({host, 1, std::span(&mia, 1), {}}, CategorySet(1)).categories.empty();
        if (is_listed != (matcher.match({host, 1, "mia"}).verdict == ListMatcher::Verdict::block)) std::abort();
    }
    (void)matcher.match({*Hostname::parse("ads.example.org"), 28, ""});

    std::vector<std::byte> image(size);
    if (size > 0) std::memcpy(image.data(), data, size);
    if (size > 80) {  // past the checksum, into the bounds
        const auto sum = image::checksum(std::span<const std::byte>(image).subspan(image::checked_from));
        std::memcpy(image.data() + 16, &sum, 8);
    }
    if (const auto opened = Ruleset::open(image_in_memory(std::move(image)), Taxonomy::shipped()))
        (void)(*opened)->lookup(*Hostname::parse("a.b.c"), CategorySet(1));
    return 0;
}
