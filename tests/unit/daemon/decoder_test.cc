#include "daemon/proxy/decoder.h"

#include <brotli/encode.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace hort::proxy {
namespace {

std::string deflated(std::string_view text, int window_bits) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()) + 100, 0);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string brotlied(std::string_view text) {
    std::size_t size = BrotliEncoderMaxCompressedSize(text.size());
    std::string out(size, 0);
    BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, text.size(), reinterpret_cast<const std::uint8_t*>(text.data()),
                          &size, reinterpret_cast<std::uint8_t*>(out.data()));
    out.resize(size);
    return out;
}

std::string zstded(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), 0);
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

std::string text_of(std::size_t size) {
    std::string out;
    for (std::uint32_t x = 1; out.size() < size; x = x * 1664525 + 1013904223) out += std::to_string(x) + " ";
    out.resize(size);
    return out;
}

struct Case {
    const char* name;
    Coding coding;
    std::string (*encode)(std::string_view);
};
const Case cases[] = {{"gzip", Coding::gzip, [](std::string_view text) { return deflated(text, 31); }},
                      {"deflate", Coding::deflate, [](std::string_view text) { return deflated(text, 15); }},
                      {"deflate", Coding::deflate, [](std::string_view text) { return deflated(text, -15); }},
                      {"br", Coding::brotli, brotlied},
                      {"zstd", Coding::zstd, zstded}};

TEST(Decoder, UndoesWhatServersDo) {
    const auto text = text_of(300'000);
    for (const auto& [name, coding, encode] : cases) {
        EXPECT_EQ(parse_coding(name), coding);
        EXPECT_EQ(decode(coding, encode(text)), text) << name;
        const auto half = encode(text).substr(0, encode(text).size() / 2);
        const auto begun = decode(coding, half);
        EXPECT_GT(begun.size(), 20'000u) << name << ": the beginning of a body is enough to begin with";
        EXPECT_TRUE(text.starts_with(begun)) << name;
        EXPECT_EQ(decode(coding, ""), "") << name;
    }
    EXPECT_EQ(decode(Coding::identity, "abc"), "abc");
    EXPECT_EQ(decode(Coding::gzip, deflated("one ", 31) + deflated("two", 31)), "one two") << "several members";
}

TEST(Decoder, WhatUnpacksWithoutMeasureIsNotUnpackedFurther) {
    const std::string zeros(64 << 20, 0);
    for (const auto& [name, coding, encode] : cases) {
        const auto bomb = encode(zeros);
        const auto out = decode(coding, bomb);
        EXPECT_LE(out.size(), max_decoded) << name;
        EXPECT_LE(out.size(), std::max(decoded_without_ratio, bomb.size() * max_ratio)) << name;
    }
}

TEST(Decoder, BrokenOctetsEndIt) {
    const auto text = text_of(10'000);
    for (const auto& [name, coding, encode] : cases) {
        auto octets = encode(text);
        for (std::size_t i = 0; i < octets.size(); i += 97) {
            auto broken = octets;
            broken[i] = static_cast<char>(broken[i] ^ 0x55);
            EXPECT_LE(decode(coding, broken).size(), max_decoded) << name;
        }
    }
}

TEST(Decoder, OnlyWhatCanBeUndoneIsAskedFor) {
    EXPECT_EQ(decodable("gzip, deflate, br, zstd, dcb, dcz"), "gzip, deflate, br, zstd");
    EXPECT_EQ(decodable("compress;q=0.5, GZIP;q=1.0, *"), "gzip;q=1.0");
    EXPECT_EQ(decodable(""), "");
    EXPECT_FALSE(parse_coding("gzip, br"));
    EXPECT_FALSE(parse_coding("sdch"));
}

}  // namespace
}  // namespace hort::proxy
