#include "daemon/proxy/client_hello.h"

#include <gtest/gtest.h>

namespace hort::proxy {
namespace {

using State = ClientHelloReader::State;

std::string number(std::size_t value, int octets) {
    std::string out;
    for (int i = octets - 1; i >= 0; --i) out += static_cast<char>(value >> 8 * i & 0xff);
    return out;
}
std::string vector(const std::string& content, int octets) { return number(content.size(), octets) + content; }
std::string extension(std::size_t type, const std::string& data) { return number(type, 2) + vector(data, 2); }
std::string host_name(const std::string& name) { return number(0, 1) + vector(name, 2); }
std::string server_name(const std::string& names) { return extension(0, vector(names, 2)); }

std::string message(const std::string& extensions) {
    const std::string body = number(0x303, 2) + std::string(32, 'r') + vector(std::string(32, 's'), 1) +
                             vector("\x13\x01\x13\x02", 2) + vector(std::string(1, '\0'), 1) + vector(extensions, 2);
    return number(1, 1) + vector(body, 3);
}
std::string record(const std::string& content) { return std::string("\x16\x03\x01") + vector(content, 2); }
std::string in_records(const std::string& message, std::size_t size) {
    std::string out;
    for (std::size_t at = 0; at < message.size(); at += size) out += record(message.substr(at, size));
    return out;
}
const std::string grease = extension(0x5a5a, "");
const std::string plain = message(grease + server_name(host_name("www.example.org")) + extension(43, "\x02\x03\x04"));

struct Outcome {
    State state;
    std::string name;
};
Outcome read(const std::string& bytes, std::size_t step = SIZE_MAX) {
    ClientHelloReader reader;
    for (std::size_t at = 0; at < bytes.size(); at += std::min(step, bytes.size() - at))
        reader.read(std::string_view(bytes).substr(at, step));
    const bool is_named = reader.state() == State::done && reader.hello().server_name;
    return {reader.state(), is_named ? std::string(reader.hello().server_name->text()) : std::string()};
}

TEST(ClientHello, IsReadHoweverItIsCut) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{3}, std::size_t{60}, std::size_t{16384}}) {
        const auto bytes = in_records(plain, size);
        for (const std::size_t step : {std::size_t{1}, std::size_t{5}, std::size_t{107}, SIZE_MAX}) {
            EXPECT_EQ(read(bytes, step).name, "www.example.org") << size << " " << step;
            for (std::size_t part = 0; part < bytes.size(); part += 7)
                EXPECT_EQ(read(bytes.substr(0, part), step).state, State::more) << "decided on a part";
        }
    }
}

TEST(ClientHello, OfAnySizeUpToTheLimit) {
    const auto name = server_name(host_name("www.example.org"));
    EXPECT_EQ(read(in_records(message(extension(51, std::string(1216, 'k')) + name), 16384)).name, "www.example.org");
    EXPECT_EQ(read(in_records(message(extension(21, std::string(60000, '\0')) + name), 16384)).name, "www.example.org");
    std::string large = message(extension(21, std::string(60000, '\0')) + name);
    large[1] = 1;  // it says that it is 64 KiB longer
    EXPECT_EQ(read(in_records(large, 16384).substr(0, 5000)).state, State::malformed) << "collected instead of refused";
    std::string many;
    for (std::size_t type = 0; type < 12000; ++type) many += extension(type + 256, "");
    EXPECT_EQ(read(in_records(message(many + name), 16384)).name, "www.example.org");
    EXPECT_EQ(read(in_records(message(extension(21, std::string(2000, '\0'))), 1)).state, State::malformed)
        << "more records than anybody sends";
}

TEST(ClientHello, WithoutAServerName) {
    EXPECT_EQ(read(record(message(grease))).state, State::done);
    EXPECT_EQ(read(record(message(server_name("")))).state, State::done);
    EXPECT_EQ(read(record(message(server_name(host_name(""))))).state, State::done);
    for (const auto* address : {"192.0.2.1", "::1", "2001:db8::1"}) {
        const auto got = read(record(message(server_name(host_name(address)))));
        EXPECT_EQ(got.state, State::done) << address;
        EXPECT_EQ(got.name, "") << address;
    }
    // TLS 1.2 may end before the extensions.
    std::string old = number(0x303, 2) + std::string(32, 'r') + vector("", 1) + vector("\x13\x01", 2) + vector("x", 1);
    EXPECT_EQ(read(record(number(1, 1) + vector(old, 3))).state, State::done);
}

TEST(ClientHello, TheNameIsInItsNormalForm) {
    for (const auto* name : {"WWW.Example.ORG", "www.example.org.", "www.EXAMPLE.org"})
        EXPECT_EQ(read(record(message(server_name(host_name(name))))).name, "www.example.org") << name;
    EXPECT_EQ(read(record(message(server_name(host_name("a_b.example"))))).name, "a_b.example");
    // Names of kinds that nobody knows are skipped, not taken for the host.
    EXPECT_EQ(read(record(message(server_name(number(5, 1) + vector("evil.test", 2) + host_name("a.test"))))).name,
              "a.test");
}

TEST(ClientHello, WhatTwoCouldReadDifferentlyIsRefused) {
    const auto refused = [](const std::string& bytes) { return read(bytes).state == State::malformed; };
    const auto name = host_name("a.test");
    EXPECT_TRUE(refused(record(message(server_name(name + host_name("b.test")))))) << "two names";
    EXPECT_TRUE(refused(record(message(server_name(name) + server_name(name))))) << "the extension twice";
    EXPECT_TRUE(refused(record(message(grease + grease)))) << "an unknown extension twice";
    EXPECT_TRUE(refused(record(message(extension(0, vector(name, 2) + "x"))))) << "octets behind the list";
    EXPECT_TRUE(refused(record(message(extension(0, number(900, 2) + name))))) << "a list longer than its extension";
    EXPECT_TRUE(refused(record(message(server_name(number(0, 1) + number(900, 2) + "a.test"))))) << "a long name";
    for (const auto& bad : {std::string("good.test\0.evil.test", 20),
                            std::string("b\xc3\xbc"
                                        "cher.test"),
                            std::string("*.test"), std::string("a b.test"), std::string(300, 'a'),
                            std::string("a..test"), std::string("http://a.test/")})
        EXPECT_TRUE(refused(record(message(server_name(host_name(bad)))))) << bad;
    EXPECT_TRUE(refused(record(plain + plain))) << "a second message in the record";
    EXPECT_TRUE(refused(record(""))) << "an empty record";
    EXPECT_TRUE(refused(record(std::string("\x02") + plain.substr(1)))) << "another message";
    EXPECT_TRUE(refused("\x14\x03\x03" + vector("\x01", 2) + record(plain))) << "another record first";
    EXPECT_TRUE(refused(std::string("\x16\x03\x01\x50\x01", 5) + plain)) << "a record longer than 16 KiB";
    std::string session = plain;
    session[38] = 33;
    EXPECT_TRUE(refused(record(session))) << "a session id that is too long";
    EXPECT_TRUE(refused(record(plain.substr(0, 50)) + "\x15\x03\x01" + vector("\x01", 2))) << "an alert in between";
}

TEST(ClientHello, OtherProtocolsAreNone) {
    for (const auto* bytes :
         {"SSH-2.0-OpenSSH_9.2\r\n", "GET / HTTP/1.1\r\n\r\n", "\x80\x22\x01\x03\x00", "\xc3\x01", "EHLO"})
        EXPECT_EQ(read(bytes).state, State::not_tls) << bytes;
    EXPECT_EQ(read("").state, State::more);
}

TEST(ClientHello, WhatFollowsIsNotLookedAt) {
    ClientHelloReader reader;
    EXPECT_EQ(reader.read(record(plain) + "\x17\x03\x03 early data, and more"), State::done);
    EXPECT_EQ(reader.read("anything"), State::done);
}

TEST(ClientHello, AnEncryptedHelloIsSeenAndItsOuterNameRead) {
    ClientHelloReader reader;
    reader.read(record(message(server_name(host_name("public.test")) + extension(0xfe0d, std::string(1, '\0')))));
    ASSERT_EQ(reader.state(), State::done);
    EXPECT_TRUE(reader.hello().has_encrypted_hello);
    EXPECT_EQ(reader.hello().server_name->text(), "public.test");
}

}  // namespace
}  // namespace hort::proxy
