#include "daemon/proxy/decoder.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "rules/ascii.h"

namespace hort::proxy {
namespace {

constexpr std::size_t step = 32 << 10;
constexpr int max_window_log = 23;  // 8 MiB: what RFC 8878 section 3.1.1.1.2 asks a decoder to take

std::size_t most_of(std::string_view octets) {
    return std::min(max_decoded, std::max(decoded_without_ratio, octets.size() * max_ratio));
}

std::string inflated(std::string_view octets, int window_bits) {
    z_stream stream{};
    if (inflateInit2(&stream, window_bits) != Z_OK) return {};
    const auto most = most_of(octets);
    std::string out;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
    stream.avail_in = static_cast<uInt>(octets.size());
    int state = Z_OK;
    while (state == Z_OK && out.size() < most) {
        const auto before = out.size();
        out.resize(std::min(before + step, most));
        stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
        stream.avail_out = static_cast<uInt>(out.size() - before);
        state = inflate(&stream, Z_NO_FLUSH);
        out.resize(out.size() - stream.avail_out);
        // Members of gzip may follow each other (RFC 1952 section 2.2).
        if (state == Z_STREAM_END && window_bits > 15 && stream.avail_in > 0) state = inflateReset(&stream);
        if (state == Z_OK && stream.avail_in == 0 && stream.avail_out > 0) break;
    }
    inflateEnd(&stream);
    return out;
}

std::string from_brotli(std::string_view octets) {
    const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
        BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
    if (!state) return {};
    const auto most = most_of(octets);
    std::string out;
    const auto* in = reinterpret_cast<const std::uint8_t*>(octets.data());
    auto left = octets.size();
    auto result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && out.size() < most) {
        const auto before = out.size();
        out.resize(std::min(before + step, most));
        auto* to = reinterpret_cast<std::uint8_t*>(out.data() + before);
        auto space = out.size() - before;
        result = BrotliDecoderDecompressStream(state.get(), &left, &in, &space, &to, nullptr);
        out.resize(out.size() - space);
    }
    return out;
}

std::string from_zstd(std::string_view octets) {
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, max_window_log))) return {};
    const auto most = most_of(octets);
    std::string out;
    ZSTD_inBuffer in{octets.data(), octets.size(), 0};
    while (out.size() < most) {
        const auto before = out.size();
        out.resize(std::min(before + step, most));
        ZSTD_outBuffer to{out.data() + before, out.size() - before, 0};
        const auto result = ZSTD_decompressStream(context.get(), &to, &in);
        const bool is_full = to.pos == to.size;
        out.resize(before + to.pos);
        if (ZSTD_isError(result) || (in.pos == in.size && !is_full)) break;
    }
    return out;
}

std::string trimmed_lower(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return lower(text);
}

}  // namespace

std::optional<Coding> parse_coding(std::string_view text) {
    const auto name = trimmed_lower(text);
    if (name.empty() || name == "identity") return Coding::identity;
    if (name == "gzip" || name == "x-gzip") return Coding::gzip;
    if (name == "deflate") return Coding::deflate;
    if (name == "br") return Coding::brotli;
    if (name == "zstd") return Coding::zstd;
    return std::nullopt;
}

std::string decode(Coding coding, std::string_view octets) {
    octets = octets.substr(0, max_decoded);
    switch (coding) {
        case Coding::identity:
            return std::string(octets);
        case Coding::gzip:
            return inflated(octets, 15 + 16);
        case Coding::deflate: {
            // It is the zlib format, which some servers leave away (RFC 9110 section 8.4.1.2).
            auto out = inflated(octets, 15);
            return out.empty() ? inflated(octets, -15) : out;
        }
        case Coding::brotli:
            return from_brotli(octets);
        case Coding::zstd:
            return from_zstd(octets);
    }
    return {};
}

std::string decodable(std::string_view accepted) {
    std::string out;
    while (!accepted.empty()) {
        const auto item = accepted.substr(0, accepted.find(','));
        accepted.remove_prefix(std::min(accepted.size(), item.size() + 1));
        const auto name = trimmed_lower(item.substr(0, item.find(';')));
        if (name.empty() || (name != "identity" && !parse_coding(name))) continue;
        out += (out.empty() ? "" : ", ") + trimmed_lower(item);
    }
    return out;
}

}  // namespace hort::proxy
