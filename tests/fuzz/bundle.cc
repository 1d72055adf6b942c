// Octets as a bundle, as they are and with a head in order in front of them, and as a book of rules in an image.
#include "rules/bundle.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "rules/book_format.h"
#include "rules/compression.h"

using namespace hort;

namespace {

// Whether a path, followed below a folder, may end elsewhere. "..%a" is a name like any other.
bool leads_outside(const std::string& path) {
    return path.front() == '/' || ("/" + path + "/").find("/../") != std::string::npos;
}

void read(std::string_view bytes) {
    const auto head = read_bundle_head(bytes);
    const auto whole = read_bundle(bytes);
    if (whole && !head) std::abort();
    if (!whole) return;
    for (const auto& file : whole->files)
        if (leads_outside(file.path)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    read(bytes);
    // The octets up to the first NUL as manifest, what follows as content that is packed in order.
    const auto zero = bytes.find('\0');
    if (zero != std::string_view::npos) {
        const auto manifest = bytes.substr(0, zero);
        const auto content = bytes.substr(zero + 1);
        const auto payload = compress(content);
        std::string whole = "HORTBNDL";
        const auto number = [&](std::uint64_t value, int octets) {
            for (int i = 0; i < octets; ++i) whole += static_cast<char>(value >> 8 * i & 0xff);
        };
        number(1, 4);
        number(manifest.size(), 4);
        number(payload.size(), 8);
        number(content.size(), 8);
        read(whole + std::string(manifest) + payload);
    }
    const auto unpacked = decompress(bytes, 1 << 20);
    if (unpacked && unpacked->size() > 1 << 20) std::abort();
    (void)gunzip(bytes, 1 << 20);
    (void)parse_public_key(std::string(bytes));

    if (const auto book = read_book_format(std::as_bytes(std::span(data, size)))) {
        const auto again = read_book_format(write_book_format(*book));
        if (!again || again->rules.size() != book->rules.size()) std::abort();
    }
    return 0;
}
