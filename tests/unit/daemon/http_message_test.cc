#include "daemon/proxy/http_message.h"

#include <gtest/gtest.h>

namespace hort::proxy {
namespace {

RequestHead request(const std::string& head) {
    auto parsed = parse_request(head);
    if (const auto* fault = std::get_if<HttpFault>(&parsed)) {
        ADD_FAILURE() << fault->what;
        return {};
    }
    return std::get<RequestHead>(parsed);
}

TEST(HttpMessage, WhatGoesUpstreamIsWrittenAnew) {
    const std::string head =
        "GET http://Example.org:8080?q=1 HTTP/1.1\r\nhost: other\r\nX-A:  one \r\nConnection: close, X-B\r\nX-B: "
        "1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n\r\n";
    const auto r = request(head);
    EXPECT_FALSE(r.keeps_alive);
    EXPECT_EQ(r.path, "?q=1");
    EXPECT_EQ(write_request(r), "GET /?q=1 HTTP/1.1\r\nHost: Example.org:8080\r\nX-A: one\r\n\r\n");
}

TEST(HttpMessage, ConnectionCannotStripHostOrFraming) {
    const std::string head =
        "POST http://a.org/ HTTP/1.1\r\nHost: a.org\r\nContent-Length: 3\r\nConnection: content-length, host\r\n\r\n";
    const auto r = request(head);
    EXPECT_EQ(r.framing, Framing::length);
    EXPECT_EQ(write_request(r), "POST / HTTP/1.1\r\nHost: a.org\r\nContent-Length: 3\r\n\r\n");
}

TEST(HttpMessage, AddressesOfVersion6StandInBrackets) {
    const std::string head = "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: x\r\n\r\n";
    const auto r = request(head);
    EXPECT_EQ(r.host, "2001:db8::1");
    EXPECT_EQ(r.port, 443);
    EXPECT_TRUE(std::holds_alternative<HttpFault>(parse_request("CONNECT [::1 HTTP/1.1\r\nHost: x\r\n\r\n")));
    EXPECT_TRUE(std::holds_alternative<HttpFault>(parse_request("CONNECT [::1]x:443 HTTP/1.1\r\nHost: x\r\n\r\n")));
}

TEST(HttpMessage, AHeadIsFoundOnlyWholeAndClean) {
    const auto size = [](std::string_view text) {
        const auto found = find_head(text);
        return std::holds_alternative<HttpFault>(found) ? -std::get<HttpFault>(found).status
                                                        : static_cast<int>(std::get<0>(found).value_or(0));
    };
    EXPECT_EQ(size("GET"), 0);
    EXPECT_EQ(size("GET x\r\nA: b\r\n\r"), 0);
    EXPECT_EQ(size("GET x\r\nA: b\r\n\r\nrest"), 15);
    EXPECT_EQ(size("GET x\n"), -400);
    EXPECT_EQ(size("GET x\ry"), -400);
    EXPECT_EQ(size(std::string_view("GET\0", 4)), -400);
    EXPECT_EQ(size("\r\n"), -400);
    EXPECT_EQ(size(std::string(17000, 'x')), -414);
}

TEST(HttpMessage, AChunkedBodyReadsTheSameHoweverItIsCut) {
    const std::string body = "5;x=y\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nT: dropped\r\n\r\n";
    for (std::size_t piece = 1; piece <= body.size(); ++piece) {
        ChunkedReader reader;
        std::string buffer, out;
        bool is_end = false;
        for (std::size_t at = 0; at < body.size(); at += piece) {
            buffer += body.substr(at, piece);
            for (;;) {
                const auto step = reader.read(buffer);
                ASSERT_FALSE(step.is_broken) << piece;
                out += step.data;
                is_end |= step.is_end;
                buffer.erase(0, step.used);
                if (step.used == 0 || is_end) break;
            }
        }
        EXPECT_TRUE(is_end);
        EXPECT_EQ(out, "helloabcdefghijklmnopqrstuvwxyz") << piece;
    }
}

TEST(HttpMessage, WhetherAnAnswerHasABodyDependsOnItsRequestAndStatus) {
    const auto framing = [](const std::string& head, const char* method) {
        auto parsed = parse_response(head, method);
        return std::get<ResponseHead>(parsed).framing;
    };
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET"), Framing::length);
    EXPECT_EQ(framing("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"), Framing::none);
    EXPECT_EQ(framing("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET"), Framing::none);
    EXPECT_EQ(framing("HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n", "GET"), Framing::chunked);
    EXPECT_EQ(framing("HTTP/1.0 200 OK\r\n\r\n", "GET"), Framing::until_close);
}

}  // namespace
}  // namespace hort::proxy
