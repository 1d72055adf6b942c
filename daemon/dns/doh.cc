#include "daemon/dns/doh.h"

#include <algorithm>

#include "rules/ascii.h"

namespace hort::dns {
namespace {

constexpr std::string_view path = "/dns-query";
constexpr std::size_t max_query = 4096;  // octets; longer ones ask nothing that a resolver answers

// RFC 4648 section 5 without padding. False when it is not.
bool decode_base64url(std::string_view text, std::vector<std::uint8_t>& out) {
    if (text.size() % 4 == 1) return false;
    std::uint32_t bits = 0;
    int have = 0;
    for (const char c : text) {
        const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                          : c >= 'a' && c <= 'z' ? c - 'a' + 26
                          : c >= '0' && c <= '9' ? c - '0' + 52
                          : c == '-'             ? 62
                          : c == '_'             ? 63
                                                 : -1;
        if (value < 0) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        have += 6;
        if (have < 8) continue;
        have -= 8;
        out.push_back(static_cast<std::uint8_t>(bits >> have));
    }
    return true;
}

bool is_dns_message(std::string_view content_type) {
    constexpr std::string_view wanted = "application/dns-message";
    content_type = content_type.substr(0, content_type.find_first_of("; \t"));
    return is_same_ignoring_case(content_type, wanted);
}

}  // namespace

std::string client_id_of_server_name(std::string_view server_name, std::string_view name) {
    if (name.empty() || server_name.size() <= name.size() + 1) return {};
    const auto split = server_name.size() - name.size() - 1;
    if (server_name[split] != '.' || !is_same_ignoring_case(server_name.substr(split + 1), name)) return {};
    return client_id_of(server_name.substr(0, split));
}

DohRequest read_doh_request(std::string_view method, std::string_view target, std::string_view content_type,
                            std::span<const std::uint8_t> body) {
    DohRequest out;
    const auto refuse = [&](int status) {
        out.status = status;
        out.query.clear();
        return out;
    };
    // With the scheme and the authority before it (RFC 9112 section 3.2.2), it is the same.
    if (const auto scheme = target.find("://"); scheme <= 5)
        target.remove_prefix(std::min(target.find('/', scheme + 3), target.size()));
    const auto mark = target.find('?');
    auto place = target.substr(0, mark);
    auto parameters = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
    if (!place.starts_with(path)) return refuse(404);
    place.remove_prefix(path.size());
    if (!place.empty() && place != "/") {
        if (place.front() != '/') return refuse(404);
        place.remove_prefix(1);
        out.client_id = client_id_of(place);
        if (out.client_id.empty()) return refuse(404);
    }
    if (method == "POST") {
        if (!is_dns_message(content_type)) return refuse(415);
        if (body.size() > max_query) return refuse(413);
        out.query.assign(body.begin(), body.end());
    } else if (method == "GET") {
        constexpr std::string_view key = "dns=";
        std::string_view encoded;
        bool is_there = false;
        while (!parameters.empty()) {
            const auto one = parameters.substr(0, parameters.find('&'));
            parameters.remove_prefix(std::min(parameters.size(), one.size() + 1));
            if (!one.starts_with(key)) continue;
            if (is_there) return refuse(400);
            is_there = true;
            encoded = one.substr(key.size());
        }
        if (encoded.size() > max_query * 4 / 3 + 4) return refuse(414);
        if (!is_there || !decode_base64url(encoded, out.query)) return refuse(400);
    } else {
        return refuse(405);
    }
    if (out.query.size() < header_size) return refuse(400);
    out.status = 200;
    return out;
}

std::uint32_t lowest_ttl(std::span<const std::uint8_t> answer) {
    if (answer.size() < header_size) return 0;
    auto at = get16(answer, 4) == 1 ? skip_plain_name(answer, header_size) : 0;
    if (at == 0 || at + 4 > answer.size()) return 0;
    std::uint32_t out = UINT32_MAX;
    for_each_record(answer, at + 4, [&](const Record& record, int) {
        if (record.type != type::opt) out = std::min(out, record.ttl);
        return true;
    });
    return out == UINT32_MAX ? 0 : out;
}

}  // namespace hort::dns
