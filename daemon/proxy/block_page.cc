#include "daemon/proxy/block_page.h"

namespace hort::proxy {
namespace {

std::string_view reason_phrase(int status) {
    switch (status) {
        case 403:
            return "Forbidden";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 414:
            return "URI Too Long";
        case 417:
            return "Expectation Failed";
        case 431:
            return "Request Header Fields Too Large";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 508:
            return "Loop Detected";
        default:
            return "Bad Request";
    }
}

std::string response(int status, const std::string& body, bool keeps_alive, bool is_head) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_phrase(status)) +
                      "\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: "
                      "no-store\r\nContent-Security-Policy: default-src 'none'; style-src "
                      "'unsafe-inline'\r\nX-Content-Type-Options: nosniff\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\nConnection: " + (keeps_alive ? "keep-alive" : "close") +
                      "\r\n\r\n";
    return is_head ? out : out + body;
}

std::string page(std::string_view title, const std::string& content) {
    return "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" "
           "content=\"width=device-width\">\n<title>" +
           std::string(title) +
           "</title>\n<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 "
           "1.2rem;color:#223}"
           "h1{font-size:1.5rem}p.why{background:#eef2f7;border-radius:.5rem;padding:.8rem "
           "1rem;overflow-wrap:anywhere}</style></head>\n<body>\n" +
           content + "</body>\n</html>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return out;
}

std::string block_page(const Decision& decision, const Policy& policy, const Subject& who, const Hostname& host,
                       bool keeps_alive, bool is_head) {
    const auto why = explain(decision, policy, who, host);
    const std::string content = "<h1>This site is blocked here</h1>\n<p class=\"why\">" + escape_html(why) +
                                "</p>\n<p>If you think that this is wrong, talk to your parents or teachers: they can "
                                "allow the site with\n<code>hortctl allow " +
                                escape_html(who.person != nullptr ? who.person->name : "CHILD") + " " +
                                escape_html(host.text()) +
                                "</code>.</p>\n<p>If something worries you, you can call "
                                "<strong>116&thinsp;111</strong> in most countries of Europe. Talking to them is "
                                "free, never blocked and never logged.</p>\n";
    return response(403, page("Blocked", content), keeps_alive, is_head);
}

std::string error_page(int status, std::string_view what) {
    return response(status,
                    page(reason_phrase(status), "<h1>" + std::string(reason_phrase(status)) +
                                                    "</h1>\n<p class=\"why\">" + escape_html(what) + "</p>\n"),
                    false, false);
}

}  // namespace hort::proxy
