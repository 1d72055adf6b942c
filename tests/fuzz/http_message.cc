// Octets as a request, an answer and a chunked body. A request that is accepted must read the same when written anew.
#include "daemon/proxy/http_message.h"

#include <cstdlib>
#include <string>

using namespace hort::proxy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    ChunkedReader chunks;
    std::string_view rest = bytes;
    for (;;) {
        const auto step = chunks.read(rest);
        if (step.is_broken || step.is_end || step.used == 0) break;
        rest.remove_prefix(step.used);
    }
    const auto found = find_head(bytes);
    const auto* head_size = std::get_if<0>(&found);
    if (head_size == nullptr || !*head_size) return 0;
    const auto head = bytes.substr(0, **head_size);
    auto response = parse_response(head, "GET");
    if (const auto* parsed = std::get_if<ResponseHead>(&response)) (void)write_response(*parsed, true, parsed->framing);
    auto request = parse_request(head);
    if (auto* parsed = std::get_if<RequestHead>(&request); parsed != nullptr && !parsed->is_connect) {
        const auto written = write_request(*parsed);
        const auto again = find_head(written);
        const auto* whole = std::get_if<0>(&again);
        // One head, ending where the text ends: nothing hides behind it.
        if (whole == nullptr || !*whole || **whole != written.size()) std::abort();
    }
    return 0;
}
