#include "daemon/proxy/http_message.h"

#include <algorithm>
#include <array>

#include "rules/ascii.h"

namespace hort::proxy {
namespace {

// token characters (RFC 9110 section 5.6.2)
constexpr auto token_table = [] {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c) table[c] = true;
    for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
    for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
    for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_token(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return token_table[static_cast<unsigned char>(c)]; });
}
bool is_value(std::string_view text) {  // no control octets but the tab
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 ? c != 0x7f : c == '\t'; });
}
bool same(std::string_view a, std::string_view b) { return is_same_ignoring_case(a, b); }
bool starts_with(std::string_view text, std::string_view start) { return same(text.substr(0, start.size()), start); }
std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Fields that end at this hop (RFC 9110 section 7.6.1), and those that are written anew.
constexpr std::string_view not_forwarded[] = {"connection",
                                              "proxy-connection",
                                              "keep-alive",
                                              "te",
                                              "trailer",
                                              "transfer-encoding",
                                              "upgrade",
                                              "proxy-authorization",
                                              "proxy-authenticate",
                                              "proxy-authentication-info",
                                              "http2-settings",
                                              "content-length",
                                              "expect",
                                              "alt-svc"};  // what it offers (HTTP/3) passes by the proxy (RFC 7838)
bool is_framing_or_host(std::string_view name) {
    return same(name, "host") || same(name, "content-length") || same(name, "transfer-encoding");
}

template <typename Each>
void for_each_item(std::string_view list, const Each& each) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (const auto item = trim(list.substr(0, comma)); !item.empty()) each(item);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
}

struct Fields {
    std::vector<Field> all;
    std::optional<std::string_view> host, length, coding;
    bool says_close = false, says_keep_alive = false, expects_continue = false;
    bool says_upgrade = false, names_websocket = false, binds_connection = false;
};

std::variant<Fields, HttpFault> parse_fields(std::string_view head) {
    Fields out;
    std::vector<std::string_view> named_by_connection;
    while (head != "\r\n") {
        const auto end = head.find("\r\n");
        const auto line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.front() == ' ' || line.front() == '\t') return HttpFault{400, "a folded field line"};
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) return HttpFault{400, "a field line without a colon"};
        const Field field{line.substr(0, colon), trim(line.substr(colon + 1))};
        if (!is_token(field.name)) return HttpFault{400, "a field name that is no token"};
        if (!is_value(field.value)) return HttpFault{400, "a control character in a field"};
        if (out.all.size() == max_fields) return HttpFault{431, "more than 128 fields"};
        out.all.push_back(field);
        const auto once = [&](std::optional<std::string_view>& slot) {
            const bool is_first = !slot;
            slot = field.value;
            return is_first;
        };
        if (same(field.name, "host") && !once(out.host)) return HttpFault{400, "more than one Host"};
        if (same(field.name, "content-length") && !once(out.length))
            return HttpFault{400, "more than one Content-Length"};
        if (same(field.name, "transfer-encoding") && !once(out.coding))
            return HttpFault{400, "more than one Transfer-Encoding"};
        if (same(field.name, "expect")) {
            if (!same(field.value, "100-continue")) return HttpFault{417, "an unknown expectation"};
            out.expects_continue = true;
        }
        if (same(field.name, "upgrade"))
            for_each_item(field.value, [&](std::string_view item) { out.names_websocket |= same(item, "websocket"); });
        if (same(field.name, "www-authenticate"))
            out.binds_connection |= starts_with(field.value, "ntlm") || starts_with(field.value, "negotiate");
        if (same(field.name, "connection") || same(field.name, "proxy-connection")) {
            for_each_item(field.value, [&](std::string_view item) {
                if (same(item, "close"))
                    out.says_close = true;
                else if (same(item, "keep-alive"))
                    out.says_keep_alive = true;
                else if (same(item, "upgrade"))
                    out.says_upgrade = true;
                else if (!is_framing_or_host(item))
                    named_by_connection.push_back(item);
            });
        }
    }
    std::erase_if(out.all, [&](const Field& field) {
        const auto is_it = [&](std::string_view name) { return same(field.name, name); };
        return std::any_of(std::begin(not_forwarded), std::end(not_forwarded), is_it) || is_it("host") ||
               std::any_of(named_by_connection.begin(), named_by_connection.end(), is_it);
    });
    return out;
}

std::optional<std::uint64_t> parse_number(std::string_view digits) {
    if (digits.empty() || digits.size() > 18) return std::nullopt;
    std::uint64_t out = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return std::nullopt;
        out = out * 10 + static_cast<unsigned>(c - '0');
    }
    return out;
}

// A number that fits 63 bits and is beyond what anybody sends.
bool is_large_number(std::string_view digits) {
    return digits.size() == 19 && digits.find_first_not_of("0123456789") == std::string_view::npos &&
           digits <= "9223372036854775807";
}

// "ftp:", "urn:" and the like (RFC 3986 section 3.1).
bool has_scheme(std::string_view target) {
    const auto colon = target.find(':');
    return colon != std::string_view::npos && colon > 0 && lower(target[0]) >= 'a' && lower(target[0]) <= 'z' &&
           is_token(target.substr(0, colon));
}

// "host:port", "[v6]:port", or without a port. False when it is none of these.
bool parse_authority(std::string_view text, std::string_view& host, std::uint16_t& port, bool needs_port) {
    std::string_view digits;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return false;
        host = text.substr(1, end - 1);
        if (host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
        text.remove_prefix(end + 1);
        if (!text.empty() && text.front() != ':') return false;
        digits = text.empty() ? text : text.substr(1);
        if (text.empty() && needs_port) return false;
        if (text.empty()) return !host.empty();
    } else {
        const auto colon = text.find(':');
        host = text.substr(0, colon);
        if (colon == std::string_view::npos) return !host.empty() && !needs_port;
        digits = text.substr(colon + 1);
    }
    if (digits.empty() && !needs_port) return !host.empty();
    const auto number = parse_number(digits);
    if (!number || *number == 0 || *number > 65535) return false;
    port = static_cast<std::uint16_t>(*number);
    return !host.empty();
}

}  // namespace

bool is_same_field(std::string_view a, std::string_view b) { return same(a, b); }

std::string_view field_of(const std::vector<Field>& fields, std::string_view name) {
    for (const auto& field : fields)
        if (is_same_field(field.name, name)) return field.value;
    return {};
}

std::string media_type_of(const ResponseHead& response) {
    auto value = field_of(response.fields, "content-type");
    value = value.substr(0, value.find(';'));
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    return lower(value);
}

std::string file_name_of(const ResponseHead& response) {
    const auto value = field_of(response.fields, "content-disposition");
    const auto low = lower(value);
    // The extended notation goes first (RFC 6266 section 4.3): charset'language'name.
    for (const std::string_view name : {"filename*=", "filename="}) {
        const auto at = low.find(name);
        if (at == std::string::npos) continue;
        auto text = value.substr(at + name.size());
        if (text.starts_with('"')) {
            text.remove_prefix(1);
            text = text.substr(0, text.find('"'));
        } else {
            text = text.substr(0, text.find(';'));
        }
        if (name.size() == 10) text.remove_prefix(std::min(text.size(), text.rfind('\'') + 1));
        while (text.ends_with(' ')) text.remove_suffix(1);
        if (!text.empty()) return std::string(text);
    }
    return {};
}

std::variant<std::optional<std::size_t>, HttpFault> find_head(std::string_view bytes) {
    const auto searched = bytes.substr(0, max_head);
    std::size_t line_begin = 0;
    for (;;) {
        const auto end = searched.find('\n', line_begin);
        const auto line_size = (end == std::string_view::npos ? searched.size() : end) - line_begin;
        if (line_size > max_line) return HttpFault{line_begin == 0 ? 414 : 431, "a line longer than 16 KiB"};
        const auto line = searched.substr(line_begin, line_size);
        const auto cr = line.find('\r');
        if (line.find('\0') != std::string_view::npos) return HttpFault{400, "a NUL octet in the head"};
        if (end == std::string_view::npos) {
            if (cr != std::string_view::npos && cr + 1 != line.size()) return HttpFault{400, "a bare CR"};
            if (bytes.size() >= max_head) return HttpFault{431, "a head longer than 64 KiB"};
            return std::optional<std::size_t>();
        }
        if (cr == std::string_view::npos) return HttpFault{400, "a bare LF"};
        if (cr + 1 != line.size()) return HttpFault{400, "a bare CR"};
        if (line.size() == 1) {
            if (line_begin == 0) return HttpFault{400, "an empty line before the request"};
            return std::optional<std::size_t>(end + 1);
        }
        line_begin = end + 1;
    }
}

namespace {

// The request line, into `out`.
std::optional<HttpFault> read_request_line(std::string_view line, Form form, RequestHead& out) {
    const auto space = line.find(' '), last_space = line.rfind(' ');
    if (space == std::string_view::npos || space == last_space) return HttpFault{400, "not a request line"};
    out.method = line.substr(0, space);
    const auto target = line.substr(space + 1, last_space - space - 1);
    const auto version = line.substr(last_space + 1);
    if (!is_token(out.method)) return HttpFault{400, "a method that is no token"};
    if (version.size() != 8 || !version.starts_with("HTTP/")) return HttpFault{400, "not an HTTP version"};
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return HttpFault{505, "an HTTP version other than 1.0 and 1.1"};
    out.is_http_1_0 = version == "HTTP/1.0";
    if (target.empty() || std::any_of(target.begin(), target.end(),
                                      [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }))
        return HttpFault{400, "a target with a space or control character"};

    out.is_connect = out.method == "CONNECT";
    const bool is_origin_form = target.front() == '/' || target == "*";
    if (out.is_connect) {
        if (form == Form::to_server) return HttpFault{405, "CONNECT is not served here"};
        if (!parse_authority(target, out.host, out.port, true)) return HttpFault{400, "CONNECT needs host:port"};
    } else if (is_origin_form) {
        if (target == "*" && (out.method != "OPTIONS" || form == Form::to_proxy))
            return HttpFault{400, "a request for nothing in particular"};
        out.is_for_us = form == Form::to_proxy;
        out.path = target;
    } else {
        if (!starts_with(target, "http://"))
            return HttpFault{has_scheme(target) ? 501 : 400, "only http:// URLs and CONNECT are served"};
        const auto rest = target.substr(7);
        const auto slash = rest.find_first_of("/?#");
        const auto authority = rest.substr(0, slash);
        if (authority.find('@') != std::string_view::npos) return HttpFault{400, "user information in the URL"};
        if (!parse_authority(authority, out.host, out.port, false))
            return HttpFault{400, "a URL without a usable host"};
        out.path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
        if (out.path.empty()) out.path = out.method == "OPTIONS" ? "*" : "/";
    }
    if (out.path.find('#') != std::string_view::npos) return HttpFault{400, "a fragment in the URL"};
    return std::nullopt;
}

}  // namespace

std::optional<HttpFault> fault_of_request_line(std::string_view bytes, Form form) {
    const auto end = bytes.find("\r\n");
    RequestHead ignored;
    return end == std::string_view::npos ? std::nullopt : read_request_line(bytes.substr(0, end), form, ignored);
}

std::variant<RequestHead, HttpFault> parse_request(std::string_view head, Form form) {
    const auto line_end = head.find("\r\n");
    RequestHead out;
    if (auto fault = read_request_line(head.substr(0, line_end), form, out)) return *std::move(fault);
    const bool is_origin_form = out.host.empty();
    auto parsed = parse_fields(head.substr(line_end + 2));
    if (auto* fault = std::get_if<HttpFault>(&parsed)) return *fault;
    auto& fields = std::get<Fields>(parsed);
    if (!out.is_http_1_0 && !fields.host) return HttpFault{400, "no Host"};
    if (fields.host) {
        std::string_view host;
        std::uint16_t port = 0;
        if (!fields.host->empty() && !parse_authority(*fields.host, host, port, false))
            return HttpFault{400, "a Host that is none"};
        if (fields.host->find_first_of("/?#@, \t") != std::string_view::npos)
            return HttpFault{400, "a Host that is none"};
        if (is_origin_form) out.host = host, out.port = port == 0 ? 80 : port;
    }
    if (out.host.empty()) return HttpFault{400, "no Host"};
    if (fields.length && fields.coding) return HttpFault{400, "both Content-Length and Transfer-Encoding"};
    if (fields.coding) {
        if (out.is_http_1_0) return HttpFault{400, "Transfer-Encoding in HTTP/1.0"};
        if (!same(*fields.coding, "chunked")) return HttpFault{501, "a transfer coding other than chunked"};
        out.framing = Framing::chunked;
    } else if (fields.length) {
        const auto number = parse_number(*fields.length);
        if (!number && is_large_number(*fields.length)) return HttpFault{413, "a body longer than any"};
        if (!number) return HttpFault{400, "a Content-Length that is no number"};
        out.framing = Framing::length;
        out.length = *number;
    }
    if (out.is_connect && (out.framing == Framing::chunked || out.length > 0))
        return HttpFault{400, "CONNECT with a body"};
    if (out.method == "TRACE") return HttpFault{405, "TRACE is not served"};
    out.wants_websocket = fields.says_upgrade && fields.names_websocket && !out.is_http_1_0 && out.method == "GET" &&
                          out.framing == Framing::none;
    out.expects_continue = fields.expects_continue && !out.is_http_1_0;
    out.keeps_alive = fields.says_close ? false : !out.is_http_1_0 || fields.says_keep_alive;
    out.fields = std::move(fields.all);
    return out;
}

std::variant<ResponseHead, HttpFault> parse_response(std::string_view head, std::string_view request_method) {
    const auto line_end = head.find("\r\n");
    const auto line = head.substr(0, line_end);
    ResponseHead out;
    if (line.size() < 12 || !line.starts_with("HTTP/1.") || (line[7] != '0' && line[7] != '1') || line[8] != ' ' ||
        (line.size() > 12 && line[12] != ' ') || !is_value(line))
        return HttpFault{502, "not a status line"};
    const auto status = parse_number(line.substr(9, 3));
    if (!status || *status < 100 || *status > 599) return HttpFault{502, "not a status code"};
    out.status = static_cast<int>(*status);
    out.reason = line.size() > 13 ? line.substr(13) : std::string_view();
    const bool is_1_0 = line[7] == '0';
    auto parsed = parse_fields(head.substr(line_end + 2));
    if (auto* fault = std::get_if<HttpFault>(&parsed)) return HttpFault{502, fault->what};
    auto& fields = std::get<Fields>(parsed);
    if (fields.length && fields.coding) return HttpFault{502, "both Content-Length and Transfer-Encoding"};
    const bool has_no_body = out.status < 200 || out.status == 204 || out.status == 304 || request_method == "HEAD";
    if (fields.coding && (is_1_0 || !same(*fields.coding, "chunked")))
        return HttpFault{502, "a transfer coding other than chunked"};
    if (fields.length) {
        const auto number = parse_number(*fields.length);
        if (!number) return HttpFault{502, "a Content-Length that is no number"};
        out.length = *number;
    }
    out.framing = has_no_body     ? Framing::none
                  : fields.coding ? Framing::chunked
                  : fields.length ? Framing::length
                                  : Framing::until_close;
    out.keeps_alive = out.framing != Framing::until_close && !fields.says_close && (!is_1_0 || fields.says_keep_alive);
    out.is_websocket = fields.says_upgrade && fields.names_websocket;
    out.binds_connection = fields.binds_connection;
    out.fields = std::move(fields.all);
    // A HEAD answer tells the length that a GET would have.
    if (has_no_body && fields.length && request_method == "HEAD")
        out.fields.push_back({"Content-Length", *fields.length});
    return out;
}

std::string write_request(const RequestHead& request) {
    std::string out;
    out.reserve(512);
    out.append(request.method).append(" ");
    if (request.path.starts_with('?')) out += '/';  // a URL may have a query without a path, a request line not
    out.append(request.path).append(" HTTP/1.1\r\nHost: ");
    const bool is_v6 = request.host.find(':') != std::string_view::npos;
    if (is_v6) out += '[';
    out.append(request.host);
    if (is_v6) out += ']';
    if (request.port != 80) out += ":" + std::to_string(request.port);
    out += "\r\n";
    for (const auto& field : request.fields) out.append(field.name).append(": ").append(field.value).append("\r\n");
    if (request.wants_websocket) out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    if (request.framing == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
    if (request.framing == Framing::length) out += "Content-Length: " + std::to_string(request.length) + "\r\n";
    return out += "\r\n";
}

std::string write_response(const ResponseHead& response, bool keeps_alive, Framing framing) {
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
    out.reserve(512);
    out.append(response.reason).append("\r\n");
    for (const auto& field : response.fields) out.append(field.name).append(": ").append(field.value).append("\r\n");
    if (framing == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
    if (framing == Framing::length) out += "Content-Length: " + std::to_string(response.length) + "\r\n";
    if (response.status == 101) return out += "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    return out += keeps_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
}

ChunkedReader::Step ChunkedReader::read(std::string_view bytes) {
    Step out;
    const auto broken = [&] {
        out.is_broken = true;
        return out;
    };
    if (bytes.empty()) return out;
    if (state_ == State::data) {
        out.data = bytes.substr(0, left_);
        out.used = out.data.size();
        left_ -= out.used;
        if (left_ == 0) state_ = State::data_end;
        return out;
    }
    // Everything else is a line: a size, the empty line behind the data, a trailer.
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) {
        if (bytes.size() > 4096 || (state_ == State::data_end && bytes != "\r")) return broken();
        return out;
    }
    if (end == 0 || bytes[end - 1] != '\r' || end > 4096) return broken();
    const auto line = bytes.substr(0, end - 1);
    out.used = end + 1;
    if (line.find('\r') != std::string_view::npos) return broken();
    if (state_ == State::data_end) {
        if (!line.empty()) return broken();
        state_ = State::size;
        return out;
    }
    if (state_ == State::trailer) {
        trailers_ += out.used;
        if (trailers_ > 16384) return broken();
        out.is_end = line.empty();
        return out;
    }
    std::size_t at = 0;
    left_ = 0;
    for (; at < line.size(); ++at) {
        const char c = lower(line[at]);
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && !(c >= 'a' && c <= 'f')) break;
        if (at == 15) return broken();  // far beyond any body, and before the number overflows
        left_ = left_ * 16 + static_cast<unsigned>(is_digit ? c - '0' : c - 'a' + 10);
    }
    if (at == 0) return broken();
    // Extensions are read over; they must begin with ';' and hold no control characters (RFC 9112 section 7.1.1).
    if (at < line.size() && (line[at] != ';' || !is_value(line.substr(at)))) return broken();
    state_ = left_ == 0 ? State::trailer : State::data;
    return out;
}

bool is_broken_chunked(std::string_view bytes) {
    ChunkedReader reader;
    for (;;) {
        const auto step = reader.read(bytes);
        if (step.is_broken || step.is_end || step.used == 0) return step.is_broken;
        bytes.remove_prefix(step.used);
    }
}

}  // namespace hort::proxy
