#include "rules/compression.h"

#include <zlib.h>

#include <memory>
#include <stdexcept>

namespace hort {
namespace {

constexpr std::size_t mebi = 1 << 20;

constexpr int zlib_window = 15, gzip_window = 15 + 16;

Bytef* input_of(std::string_view bytes) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib reads it only
}

Result<std::string> inflated(std::string_view bytes, std::size_t limit, int window) {
    z_stream stream{};
    if (inflateInit2(&stream, window) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
    std::string out;
    char buffer[1 << 16];
    stream.next_in = input_of(bytes);
    std::size_t left = bytes.size();
    for (;;) {
        if (stream.avail_in == 0) {
            stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left, 1u << 30));
            left -= stream.avail_in;
        }
        stream.next_out = reinterpret_cast<Bytef*>(buffer);
        stream.avail_out = sizeof buffer;
        const int status = inflate(&stream, Z_NO_FLUSH);
        out.append(buffer, sizeof buffer - stream.avail_out);
        if (out.size() > limit)
            return Error{"gives more than " + (limit >= mebi ? std::to_string(limit / mebi) + " MiB"
                                                             : std::to_string(limit) + " octets"),
                         {},
                         {}};
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0 && left == 0) return out;
            if (window != gzip_window) return Error{"goes on behind its end", {}, {}};
            if (inflateReset(&stream) != Z_OK) return Error{"damaged", {}, {}};
            continue;
        }
        if (status != Z_OK || (stream.avail_in == 0 && left == 0 && stream.avail_out != 0))
            return Error{"damaged or cut short", {}, {}};
    }
}

}  // namespace

std::string compress(std::string_view bytes) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, zlib_window, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
    const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
    std::string out;
    char buffer[1 << 16];
    stream.next_in = input_of(bytes);
    std::size_t left = bytes.size();
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        if (stream.avail_in == 0) {
            stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left, 1u << 30));
            left -= stream.avail_in;
        }
        stream.next_out = reinterpret_cast<Bytef*>(buffer);
        stream.avail_out = sizeof buffer;
        status = deflate(&stream, left == 0 ? Z_FINISH : Z_NO_FLUSH);
        if (status == Z_STREAM_ERROR) throw std::logic_error("deflate");
        out.append(buffer, sizeof buffer - stream.avail_out);
    }
    return out;
}

Result<std::string> decompress(std::string_view bytes, std::size_t limit) {
    return inflated(bytes, limit, zlib_window);
}
Result<std::string> gunzip(std::string_view bytes, std::size_t limit) { return inflated(bytes, limit, gzip_window); }
bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

}  // namespace hort
