// A page on its way to a reader: its content coding undone, its text, its words. The first octet says which coding.
#include <cstdlib>

#include "daemon/proxy/decoder.h"
#include "rules/html_text.h"
#include "rules/phrases.h"

using namespace hort;
using namespace hort::proxy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 50'000) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data + 1), size - 1);
    const auto coding = static_cast<Coding>(data[0] % 5);
    const auto page = decode(coding, octets);
    if (page.size() > max_decoded || page.size() > std::max(decoded_without_ratio, octets.size() * max_ratio))
        std::abort();
    const auto text = text_of_html(page);
    if (text.size() > page.size() * 4 + 64) std::abort();
    (void)Phrases::shipped().scores(text);
    (void)decodable(octets.substr(0, 1000));
    return 0;
}
