// Bundles from a hostile world: signatures, damage, paths, and how much they may expand.
#include "rules/bundle.h"

#include <gtest/gtest.h>

#include "rules/compression.h"

namespace hort {
namespace {

Bundle bundle() {
    return {"am-hort", 7, {{"rules.hort.json", "{}"}, {"lists/adult.txt", std::string(1000, 'a')}, {"e", ""}}};
}

std::string reason(const std::string& bytes) {
    const auto read = read_bundle(bytes);
    return read ? "none" : read.error().what;
}

TEST(Compression, GivesBackWhatWentIn) {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += std::to_string(i * 2654435761u) + "\n";
    const auto packed = compress(text);
    EXPECT_LT(packed.size(), text.size());
    EXPECT_EQ(packed, compress(text));
    EXPECT_EQ(*decompress(packed, text.size()), text);
    EXPECT_EQ(*decompress(compress(""), 0), "");
    EXPECT_FALSE(decompress(packed, text.size() - 1)) << "more than the limit";
    EXPECT_FALSE(decompress(packed + "x", text.size())) << "something behind its end";
    EXPECT_FALSE(decompress(packed.substr(0, packed.size() / 2), text.size()));
    EXPECT_FALSE(decompress("", 10));
    EXPECT_FALSE(gunzip("\x1f\x8b\x08", 10));
    EXPECT_TRUE(is_gzip("\x1f\x8b\x08"));
    EXPECT_FALSE(is_gzip("PK"));
}

TEST(Compression, AGzipBombIsStopped) {
    // 10 MB of zeros from 10 kB, as gzip(1) makes it: through the raw stream of compress().
    const auto packed = compress(std::string(10'000'000, '\0'));
    EXPECT_LT(packed.size(), 20'000u);
    EXPECT_FALSE(decompress(packed, 1'000'000));
}

TEST(Bundle, GivesBackWhatWentIn) {
    const auto read = read_bundle(write_bundle(bundle()));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->name, "am-hort");
    EXPECT_EQ(read->serial, 7);
    ASSERT_EQ(read->files.size(), 3u);
    EXPECT_EQ(read->files[1].path, "lists/adult.txt");
    EXPECT_EQ(read->files[1].content, std::string(1000, 'a'));
    EXPECT_EQ(write_bundle(*read), write_bundle(bundle())) << "the same input gives the same bytes";
}

TEST(Bundle, PathsThatLeaveTheirFolderAreRefused) {
    for (const char* path :
         {"../x", "/etc/passwd", "a/../../x", "a//b", "./a", "a/.", "..", "", "c:\\x", "a\\b", "lists/", "a\nb"}) {
        auto evil = bundle();
        evil.files[1].path = path;
        EXPECT_NE(reason(write_bundle(evil)).find("leaves its folder"), std::string::npos) << path;
    }
    auto twice = bundle();
    twice.files[2].path = "lists/adult.txt";
    EXPECT_NE(reason(write_bundle(twice)).find("stands twice"), std::string::npos);
    auto none = bundle();
    none.files.erase(none.files.begin());
    EXPECT_NE(reason(write_bundle(none)).find("no rule file"), std::string::npos);
    auto nameless = bundle();
    nameless.name = "../../etc";
    EXPECT_NE(reason(write_bundle(nameless)).find("name"), std::string::npos);
}

TEST(Bundle, ABombIsRefusedBeforeItIsUnpacked) {
    auto bomb = bundle();
    bomb.files[1].content.assign(50'000'000, '\0');
    EXPECT_NE(reason(write_bundle(bomb)).find("expand"), std::string::npos);
    auto crowd = bundle();
    for (int i = 0; i < 1000; ++i) crowd.files.push_back({"f" + std::to_string(i), "x"});
    EXPECT_NE(reason(write_bundle(crowd)).find("files"), std::string::npos);
}

TEST(Bundle, CutShortOrLengthenedItIsRefused) {
    const auto bytes = write_bundle(bundle());
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_NE(reason(bytes.substr(0, size)), "none") << size;
    EXPECT_NE(reason(bytes + "x"), "none");
    EXPECT_NE(reason("HORTBNDL"), "none");
    EXPECT_NE(reason(std::string(1000, '\xff')), "none");
}

#ifndef _WIN32
TEST(Signature, IsOfTheMessageAndTheKey) {
    const auto keys = *new_key_pair(), others = *new_key_pair();
    const auto key = *public_key_of(keys.private_pem);
    const auto signature = *sign("message", keys.private_pem);
    EXPECT_TRUE(is_signed_by("message", signature, key));
    EXPECT_FALSE(is_signed_by("messagE", signature, key));
    EXPECT_FALSE(is_signed_by("message", signature, *public_key_of(others.private_pem)));
    EXPECT_EQ(*parse_public_key(keys.public_pem), key);
    EXPECT_EQ(*parse_public_key(text_of(key)), key);
    EXPECT_EQ(*parse_public_key(text_of(key) + "\r\n"), key);
    for (const std::string text : {"", "0123", "not a key", "-----BEGIN PUBLIC KEY-----\n"})
        EXPECT_FALSE(parse_public_key(text)) << text;
    EXPECT_FALSE(parse_public_key(keys.private_pem)) << "nobody passes on a private key by mistake";
    EXPECT_FALSE(sign("message", keys.public_pem));
    EXPECT_FALSE(sign("message", "nonsense"));
}

TEST(Signature, AgreesWithTheVectorOfTheRfc) {
    // RFC 8032 section 7.1, TEST 2.
    const auto key = parse_public_key("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    ASSERT_TRUE(key);
    const std::string hex =
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00";
    Signature signature{};
    for (std::size_t i = 0; i < signature.size(); ++i)
        signature[i] = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    EXPECT_TRUE(is_signed_by("\x72", signature, *key));
    EXPECT_FALSE(is_signed_by("\x73", signature, *key));
}

TEST(Bundle, WithOneFlippedBitIsRefusedWhereverItIs) {
    const auto keys = *new_key_pair();
    const auto bytes = *sign_bundle(write_bundle(bundle()), keys.private_pem);
    ASSERT_EQ(reason(bytes), "none");
    EXPECT_EQ(read_bundle_head(bytes)->signer, *public_key_of(keys.private_pem));
    const auto key = read_bundle_head(bytes)->signer;
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        auto damaged = bytes;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
        const auto head = read_bundle_head(damaged);
        ASSERT_TRUE(!head || head->signer != key) << "bit " << bit << " is signed by nobody";
        ASSERT_NE(reason(damaged), "none") << "bit " << bit;
    }
}

TEST(Bundle, SigningAgainReplacesTheSignature) {
    const auto first = *new_key_pair(), second = *new_key_pair();
    const auto once = *sign_bundle(write_bundle(bundle()), first.private_pem);
    const auto twice = *sign_bundle(once, second.private_pem);
    EXPECT_EQ(twice.size(), once.size());
    EXPECT_EQ(read_bundle_head(twice)->signer, *public_key_of(second.private_pem));
    EXPECT_FALSE(sign_bundle("nonsense", first.private_pem));
}
#endif

// A bundle as version 1 writes it, octet by octet: later versions of Hort have to read it.
TEST(Bundle, TheLayoutOfVersion1IsRead) {
    const std::string manifest = R"({"files":[{"path":"rules.hort.json","size":2}],"name":"a","serial":1})";
    const std::string payload("\x78\x01\x01\x02\x00\xfd\xff{}\x01\x75\x00\xf9", 13);  // stored, not compressed
    std::string bytes = "HORTBNDL";
    bytes += std::string("\x01\0\0\0", 4) + static_cast<char>(manifest.size()) + std::string(3, '\0');
    bytes += static_cast<char>(payload.size()) + std::string(7, '\0') + "\x02" + std::string(7, '\0');
    bytes += manifest + payload;
    const auto read = read_bundle(bytes);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->files[0].content, "{}");
    bytes[8] = 2;
    EXPECT_NE(reason(bytes).find("version 2"), std::string::npos);
}

}  // namespace
}  // namespace hort
