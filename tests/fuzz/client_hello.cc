// Octets as a ClientHello, at once and in pieces: how they are cut must make no difference.
#include "daemon/proxy/client_hello.h"

#include <cstdlib>

using namespace hort::proxy;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    ClientHelloReader whole, cut;
    whole.read(bytes);
    for (std::size_t at = 0, step = 1; at < size; at += step, step = step % 7 + 1) cut.read(bytes.substr(at, step));
    if (whole.state() != cut.state() || whole.problem() != cut.problem()) std::abort();
    if (whole.state() != ClientHelloReader::State::done) return 0;
    if (whole.hello().server_name != cut.hello().server_name) std::abort();
    // Once more without what follows the message: every octet of it counted, none behind it did.
    for (std::size_t end = 0; end < size && size < 1024; ++end) {
        ClientHelloReader part;
        if (part.read(bytes.substr(0, end)) != ClientHelloReader::State::done) continue;
        if (part.hello().server_name != whole.hello().server_name) std::abort();
        break;
    }
    return 0;
}
