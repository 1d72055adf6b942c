#include "daemon/configuration.h"

#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/version.h"
#include "platform/local_socket.h"
#include "platform/mapped_file.h"
#include "rules/nearest.h"
#include "rules/request_target.h"

namespace hort {
namespace {

constexpr const char* help =
    "hortd: filters DNS and HTTP for the children of this machine\n\n"
    "Usage: hortd --data DIR [--dns ADDRESS:PORT]... [--proxy ADDRESS:PORT] [--upstream UPSTREAM]... [--lists DIR]\n"
    "             [--control PATH] [--enforce]\n\n"
    "  --data DIR               keep everything below DIR (made when it is not there)\n"
    "  --dns ADDRESS:PORT       listen for DNS over UDP and TCP; may be given several times; default 127.0.0.1:5300\n"
    "  --proxy ADDRESS:PORT     listen as an HTTP proxy; default 127.0.0.1:3180\n"
    "  --upstream UPSTREAM      ask this resolver; may be given several times; default: the machine's own\n"
    "                           192.0.2.53, tcp://192.0.2.53, tls://NAME#192.0.2.53, https://NAME/PATH#192.0.2.53\n"
    "  --lists DIR              block lists, DIR/<category>/<file>; default DATA/lists\n"
    "  --control PATH           the socket that hortctl uses; default DATA/control.sock\n"
    "  --enforce                hold the traffic and the programs of supervised accounts (root)\n"
    "  --version, --help\n\n"
    "DATA/hort.json may say the same and more: {\"dns\": \"127.0.0.1:5300\", \"upstreams\": [\"192.0.2.53:53\"]}; see\n"
    "daemon/CONFIGURATION.md. SIGTERM ends it; SIGHUP re-reads the lists, the hosts file and the certificate.\n";

constexpr std::string_view keys[] = {"dns",
                                     "dns_threads",
                                     "dot",
                                     "doh",
                                     "tls",
                                     "proxy",
                                     "connect_ports",
                                     "trusted_certificates",
                                     "upstream_proxy",
                                     "transparent",
                                     "enforce",
                                     "gateway",
                                     "program_folders",
                                     "fail",
                                     "upstreams",
                                     "upstream_mode",
                                     "forward",
                                     "cache",
                                     "rate_limit",
                                     "hosts",
                                     "inside_names",
                                     "page_addresses",
                                     "web",
                                     "lists"};

struct Given {
    bool dns = false, proxy = false, upstreams = false, lists = false;
};

std::string line_and_column(const std::string& text, std::size_t at) {
    std::size_t line = 1, column = 1;
    for (std::size_t i = 0; i < at && i < text.size(); ++i) {
        ++column;
        if (text[i] == '\n') ++line, column = 1;
    }
    return std::to_string(line) + ":" + std::to_string(column);
}

using nlohmann::json;

// Readers of values; what they take is checked, and the error says where and what was expected.
Result<std::string> read_text(const json& value, const std::string& where, const std::string& example) {
    if (!value.is_string()) return Error{"not a string", where, "for example \"" + example + "\""};
    return value.get<std::string>();
}

Result<platform::Endpoint> read_endpoint(const json& value, const std::string& where) {
    const auto text = read_text(value, where, "127.0.0.1:5300");
    if (!text) return text.error();
    auto parsed = platform::parse_endpoint(*text);
    if (!parsed) return Error{parsed.error().what + ": " + parsed.error().where, where, parsed.error().hint};
    return parsed;
}

// http://USER:PASSWORD@HOST:PORT, the first part of which may be left out.
Result<proxy::UpstreamProxy> read_upstream_proxy(std::string text, const std::string& where) {
    const Error fault{"not a proxy: " + text, where, "expected one such as http://proxy.example.org:3128"};
    constexpr std::string_view scheme = "http://";
    if (!text.starts_with(scheme)) return fault;
    text.erase(0, scheme.size());
    if (text.ends_with('/')) text.pop_back();
    proxy::UpstreamProxy out;
    if (const auto at = text.rfind('@'); at != std::string::npos) {
        const auto user = percent_decoded(std::string_view(text).substr(0, at));
        std::string encoded(user.size() * 2 + 8, 0);
        const int size =
            EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                            reinterpret_cast<const unsigned char*>(user.data()), static_cast<int>(user.size()));
        encoded.resize(static_cast<std::size_t>(size));
        out.authorization = "Basic " + encoded;
        text.erase(0, at + 1);
    }
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || text.find_first_of("/?# ") != std::string::npos) return fault;
    out.host = text.substr(0, colon);
    const auto number = text.substr(colon + 1);
    const auto end = std::from_chars(number.data(), number.data() + number.size(), out.port);
    if (end.ec != std::errc() || end.ptr != number.data() + number.size() || out.port == 0) return fault;
    if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
    if (!platform::parse_address(out.host)) {
        const auto name = Hostname::parse(out.host);
        if (!name) return fault;
        out.host = std::string(name->text());
    }
    return out;
}

// One, or a list of them.
template <typename Each>
Status for_each_of(const json& value, const std::string& where, const std::string& example, const Each& each) {
    if (!value.is_array()) return each(value);
    if (value.empty()) return Error{"an empty list", where, "for example [\"" + example + "\"]"};
    for (const auto& item : value)
        if (auto done = each(item); !done) return done;
    return Done{};
}

Status read_endpoints(const json& value, const std::string& where, std::vector<platform::Endpoint>& out) {
    out.clear();
    return for_each_of(value, where, "127.0.0.1:5300", [&](const json& item) -> Status {
        const auto endpoint = read_endpoint(item, where);
        if (!endpoint) return endpoint.error();
        out.push_back(*endpoint);
        return Done{};
    });
}

Status read_number(const json& value, const std::string& where, std::uint64_t least, std::uint64_t most,
                   std::uint64_t& out) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < least || value.get<std::uint64_t>() > most)
        return Error{"not a number from " + std::to_string(least) + " to " + std::to_string(most), where, {}};
    out = value.get<std::uint64_t>();
    return Done{};
}

// Refuses keys that an object may not have.
Status check_keys(const json& value, const std::string& where, std::span<const std::string_view> known) {
    if (!value.is_object()) return Error{"not an object", where, {}};
    for (const auto& [key, ignored] : value.items())
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            const auto near = nearest(key, known);
            return Error{"no such setting: " + key.substr(0, 40), where,
                         near.empty() ? std::string() : "did you mean " + std::string(near) + "?"};
        }
    return Done{};
}

Result<dns::UpstreamAddress> read_upstream(const json& value, const std::string& where) {
    constexpr std::string_view known[] = {"url", "addresses", "pin"};
    std::string url, pin;
    std::vector<std::string> addresses;
    if (value.is_object()) {
        if (auto checked = check_keys(value, where, known); !checked) return checked.error();
        const auto text = read_text(value.value("url", json()), where + ": url", "tls://dns.example.org");
        if (!text) return text.error();
        url = *text;
        for (const auto& address : value.value("addresses", json::array())) {
            const auto one = read_text(address, where + ": addresses", "192.0.2.53");
            if (!one) return one.error();
            addresses.push_back(*one);
        }
        if (value.contains("pin")) {
            const auto given = read_text(value["pin"], where + ": pin", "sha256/...");
            if (!given) return given.error();
            pin = *given;
        }
    } else {
        const auto text = read_text(value, where, "192.0.2.53:53");
        if (!text) return text.error();
        url = *text;
    }
    auto out = dns::parse_upstream(url, addresses, pin);
    if (!out) return Error{out.error().what + ": " + out.error().where, where, out.error().hint};
    return out;
}

Status read_upstreams(const json& value, const std::string& where, std::vector<dns::UpstreamAddress>& out) {
    out.clear();
    return for_each_of(value, where, "192.0.2.53:53", [&](const json& item) -> Status {
        auto upstream = read_upstream(item, where);
        if (!upstream) return upstream.error();
        out.push_back(*std::move(upstream));
        return Done{};
    });
}

Status read_names(const json& value, const std::string& where, std::vector<Hostname>& out) {
    out.clear();
    return for_each_of(value, where, "nas.example.org", [&](const json& item) -> Status {
        const auto text = read_text(item, where, "nas.example.org");
        if (!text) return text.error();
        const auto host = Hostname::parse(*text);
        if (!host) return Error{host.error().what + ": " + *text, where, host.error().hint};
        out.push_back(*host);
        return Done{};
    });
}

Status read_forward(const json& value, const std::string& where, dns::UpstreamSettings& out) {
    if (!value.is_object()) return Error{"not an object", where, R"(for example {"lan": ["192.168.1.1"]})"};
    out.zones.clear();
    for (const auto& [name, upstreams] : value.items()) {
        const auto zone = Hostname::parse(name);
        if (!zone) return Error{zone.error().what + ": " + name.substr(0, 60), where, zone.error().hint};
        std::vector<dns::UpstreamAddress> addresses;
        if (auto read = read_upstreams(upstreams, where + ": " + name, addresses); !read) return read;
        out.zones.emplace_back(*zone, std::move(addresses));
    }
    return Done{};
}

Status read_cache(const json& value, const std::string& where, dns::CacheLimits& out) {
    constexpr std::string_view known[] = {"bytes", "min_ttl", "max_ttl", "stale"};
    if (auto checked = check_keys(value, where, known); !checked) return checked;
    constexpr std::uint64_t week = 604800;
    for (const auto& [key, item] : value.items()) {
        std::uint64_t number = 0;
        const bool is_bytes = key == "bytes";
        const auto at = where + ": " + key;
        if (auto read = read_number(item, at, is_bytes ? 65536 : 0, is_bytes ? std::uint64_t{1} << 32 : week, number);
            !read)
            return read;
        const auto seconds = static_cast<std::uint32_t>(number);
        if (is_bytes)
            out.bytes = number;
        else
            (key == "min_ttl" ? out.min_ttl : key == "max_ttl" ? out.max_ttl : out.stale) = seconds;
    }
    if (out.min_ttl > out.max_ttl) return Error{"min_ttl is more than max_ttl", where, {}};
    return Done{};
}

Status read_tls(const json& value, const std::string& where, dns::Settings& out) {
    constexpr std::string_view known[] = {"certificate", "key", "name"};
    if (auto checked = check_keys(value, where, known); !checked) return checked;
    for (const auto& [key, item] : value.items()) {
        const auto text = read_text(item, where + ": " + key, key == "name" ? "dns.example.org" : "/etc/hort/tls.pem");
        if (!text) return text.error();
        if (key == "name") {
            const auto host = Hostname::parse(*text);
            if (!host) return Error{host.error().what + ": " + *text, where + ": name", host.error().hint};
            out.name = std::string(host->text());
        } else {
            (key == "key" ? out.key : out.certificate) = *text;
        }
    }
    return Done{};
}

Status apply_key(Configuration& out, const std::string& key, const json& value, const std::string& where) {
    std::uint64_t number = 0;
    if (key == "dns") return read_endpoints(value, where, out.dns.listen);
    if (key == "dot") return read_endpoints(value, where, out.dns.dot);
    if (key == "doh") return read_endpoints(value, where, out.dns.doh);
    if (key == "tls") return read_tls(value, where, out.dns);
    if (key == "upstreams") return read_upstreams(value, where, out.dns.upstream.upstreams);
    if (key == "forward") return read_forward(value, where, out.dns.upstream);
    if (key == "cache") return read_cache(value, where, out.dns.cache);
    if (key == "inside_names") return read_names(value, where, out.dns.inside);
    if (key == "dns_threads") {
        auto read = read_number(value, where, 1, 64, number);
        if (read) out.dns.threads = number;
        return read;
    }
    if (key == "rate_limit") {
        auto read = read_number(value, where, 0, 1000000, number);
        if (read) out.dns.rate_limit = static_cast<std::uint32_t>(number);
        return read;
    }
    if (key == "upstream_mode") {
        constexpr std::pair<std::string_view, dns::UpstreamMode> modes[] = {{"ordered", dns::UpstreamMode::ordered},
                                                                            {"fastest", dns::UpstreamMode::fastest},
                                                                            {"parallel", dns::UpstreamMode::parallel}};
        for (const auto& [name, mode] : modes)
            if (value == name) {
                out.dns.upstream.mode = mode;
                return Done{};
            }
        return Error{"no such mode", where, "expected \"ordered\", \"fastest\" or \"parallel\""};
    }
    if (key == "page_addresses") {
        out.dns.page.clear();
        return for_each_of(value, where, "192.168.1.2", [&](const json& item) -> Status {
            const auto text = read_text(item, where, "192.168.1.2");
            if (!text) return text.error();
            const auto address = platform::parse_address(*text);
            if (!address) return Error{address.error().what + ": " + *text, where, address.error().hint};
            out.dns.page.push_back(*address);
            return Done{};
        });
    }
    if (key == "proxy") {
        const auto parsed = read_endpoint(value, where);
        if (!parsed) return parsed.error();
        out.proxy.listen = *parsed;
        return Done{};
    }
    if (key == "enforce") {
        if (!value.is_boolean()) return Error{"neither true nor false", where, {}};
        out.is_enforcing = value.get<bool>();
        return Done{};
    }
    if (key == "gateway") {
        out.gateway.clear();
        return for_each_of(value, where, "br0", [&](const json& item) -> Status {
            const auto text = read_text(item, where, "br0");
            if (!text) return text.error();
            // What the kernel lets be a name, less what a command of nft(8) would read otherwise.
            const bool is_name =
                !text->empty() && text->size() < 16 && std::all_of(text->begin(), text->end(), [](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("._-").find(c) != std::string_view::npos;
                });
            if (!is_name) return Error{"not an interface: " + *text, where, "its name in 'ip link', for example br0"};
            out.gateway.push_back(*text);
            return Done{};
        });
    }
    if (key == "program_folders") {
        out.program_folders.clear();
        return for_each_of(value, where, "/usr/games", [&](const json& item) -> Status {
            const auto text = read_text(item, where, "/usr/games");
            if (!text) return text.error();
            if (!text->starts_with('/')) return Error{"not a whole path: " + *text, where, "for example /usr/games"};
            out.program_folders.push_back(*text);
            return Done{};
        });
    }
    if (key == "fail") {
        const auto text = read_text(value, where, "closed");
        if (!text) return text.error();
        if (*text != "closed" && *text != "open") return Error{"not a way to fail: " + *text, where, "closed or open"};
        out.fails_closed = *text == "closed";
        return Done{};
    }
    if (key == "transparent") return read_endpoints(value, where, out.proxy.transparent);
    if (key == "connect_ports") {
        out.proxy.connect_ports.clear();
        return for_each_of(value, where, "443", [&](const json& item) -> Status {
            std::uint64_t port = 0;
            if (auto read = read_number(item, where, 1, 65535, port); !read) return read;
            out.proxy.connect_ports.push_back(static_cast<std::uint16_t>(port));
            return Done{};
        });
    }
    if (key == "upstream_proxy") {
        const auto text = read_text(value, where, "http://proxy.example.org:3128");
        if (!text) return text.error();
        auto read = read_upstream_proxy(*text, where);
        if (!read) return read.error();
        out.proxy.upstream = *std::move(read);
        return Done{};
    }
    if (key == "trusted_certificates") {
        if (!value.is_string() || value.get<std::string>().empty())
            return Error{"not a file of certificates", where, "expected a path"};
        out.proxy.trusted = value.get<std::string>();
        return Done{};
    }
    if (key == "web") {
        const auto parsed = read_endpoint(value, where);
        if (!parsed) return parsed.error();
        if (!parsed->is_loopback())
            return Error{"not an address of this machine alone: " + parsed->text(), where, "expected 127.0.0.1:PORT"};
        out.web = *parsed;
        return Done{};
    }
    if (key == "lists" || key == "hosts") {
        if (!value.is_string()) return Error{"not a string", where, "expected a path"};
        (key == "lists" ? out.lists : out.dns.hosts) = value.get<std::string>();
        return Done{};
    }
    const auto near = nearest(key, keys);
    return Error{"no such setting", where,
                 near.empty() ? "daemon/CONFIGURATION.md names them all" : "did you mean " + std::string(near) + "?"};
}

}  // namespace

Status apply_config_text(Configuration& configuration, const std::string& text, const std::string& path) {
    nlohmann::json json;
    try {
        json = nlohmann::json::parse(text, nullptr, true, true);
    } catch (const nlohmann::json::parse_error& fault) {
        return Error{"not valid JSON", path + ":" + line_and_column(text, fault.byte > 0 ? fault.byte - 1 : 0),
                     "comments are allowed, trailing commas are not"};
    } catch (const nlohmann::json::exception&) {  // it throws another kind for numbers such as 1e999, without a place
        return Error{"holds a number that is out of range", path, "no setting is a number that large"};
    }
    if (!json.is_object())
        return Error{"not a JSON object", path + ":1:1", R"(expected {"dns": "127.0.0.1:5300", ...})"};
    Configuration out = configuration;
    for (const auto& [key, value] : json.items()) {
        const auto where = path + ":" + line_and_column(text, text.find("\"" + key + "\"")) + ": " + key;
        if (auto done = apply_key(out, key, value, where); !done) return done;
    }
    configuration = std::move(out);
    return Done{};
}

std::optional<platform::Endpoint> upstream_of_resolv_conf(const std::string& text,
                                                          const std::vector<platform::Endpoint>& own) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word, address;
        words >> word >> address;
        if (word != "nameserver") continue;
        const auto parsed = platform::parse_address(address);
        if (parsed && std::find(own.begin(), own.end(), platform::Endpoint{*parsed, 53}) == own.end())
            return platform::Endpoint{*parsed, 53};
    }
    return std::nullopt;
}

Result<std::optional<Configuration>> read_configuration(const std::vector<std::string>& arguments) {
    Configuration given;
    Given is_given;
    given.proxy.listen = *platform::parse_endpoint("127.0.0.1:3180");
    const std::string usage = "'hortd --help' shows the options";
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& option = arguments[i];
        if (option == "--help" || option == "-h") {
            std::fputs(help, stdout);
            return std::optional<Configuration>();
        }
        if (option == "--version") {
            std::printf("hortd %s\n", std::string(version).c_str());
            return std::optional<Configuration>();
        }
        if (option == "--enforce") {
            given.is_enforcing = true;
            continue;
        }
        if (option != "--data" && option != "--lists" && option != "--control" && option != "--dns" &&
            option != "--proxy" && option != "--upstream")
            return Error{"no such option", option, usage};
        if (i + 1 == arguments.size()) return Error{"needs a value", option, usage};
        const auto& value = arguments[++i];
        if (option == "--data")
            given.data = value;
        else if (option == "--control")
            given.control = value;
        else if (option == "--lists")
            given.lists = value, is_given.lists = true;
        else if (option == "--upstream") {
            auto upstream = dns::parse_upstream(value);
            if (!upstream) return Error{upstream.error().what + ": " + value, option, upstream.error().hint};
            given.dns.upstream.upstreams.push_back(*std::move(upstream)), is_given.upstreams = true;
        } else {
            const auto endpoint = platform::parse_endpoint(value);
            if (!endpoint) return Error{endpoint.error().what + ": " + value, option, endpoint.error().hint};
            if (option == "--dns")
                given.dns.listen.push_back(*endpoint), is_given.dns = true;
            else
                given.proxy.listen = *endpoint, is_given.proxy = true;
        }
    }
    if (given.data.empty())
        return Error{"the data folder is missing", "--data", "for example: hortd --data ~/hort; " + usage};
    while (given.data.size() > 1 && given.data.ends_with('/')) given.data.pop_back();

    Configuration out = given;
    const auto path = given.data + "/hort.json";
    if (struct stat info{}; stat(path.c_str(), &info) == 0) {
        const auto text = platform::read_file(path, 1 << 20);
        if (!text) return text.error();
        if (auto applied = apply_config_text(out, *text, path); !applied) return applied.error();
        if (given.is_enforcing) out.is_enforcing = true;
        if (is_given.dns) out.dns.listen = given.dns.listen;
        if (is_given.proxy) out.proxy.listen = given.proxy.listen;
        if (is_given.upstreams) out.dns.upstream.upstreams = given.dns.upstream.upstreams;
        if (is_given.lists) out.lists = given.lists;
    }
    if (!out.gateway.empty()) out.is_enforcing = true;
    if (!out.gateway.empty() && out.proxy.transparent.empty())
        for (const char* place : {"0.0.0.0:3181", "[::]:3181"})
            out.proxy.transparent.push_back(*platform::parse_endpoint(place));
    if (out.lists.empty()) out.lists = out.data + "/lists";
    if (out.control.empty()) out.control = platform::control_address(out.data);
    if (out.dns.listen.empty()) out.dns.listen.push_back(*platform::parse_endpoint("127.0.0.1:5300"));
    if (!out.gateway.empty() && std::all_of(out.dns.listen.begin(), out.dns.listen.end(),
                                            [](const auto& place) { return place.is_loopback(); }))
        return Error{"the devices of the house cannot ask here", path,
                     R"("gateway" needs "dns" at addresses that they reach, for example ["0.0.0.0:53", "[::]:53"])"};
    if ((!out.dns.dot.empty() || !out.dns.doh.empty()) &&
        (out.dns.certificate.empty() || out.dns.key.empty() || out.dns.name.empty()))
        return Error{"encrypted DNS needs a certificate, its key and its name", path,
                     R"(for example "tls": {"certificate": "/etc/hort/tls.pem", "key": "/etc/hort/tls.key", )"
                     R"("name": "dns.example.org"})"};
    if (out.dns.upstream.upstreams.empty()) {
        const auto text = platform::read_file("/etc/resolv.conf", 1 << 16);
        const auto upstream = text ? upstream_of_resolv_conf(*text, out.dns.listen) : std::nullopt;
        if (!upstream)
            return Error{"no resolver to ask", "/etc/resolv.conf", "name one, for example --upstream 192.168.1.1:53"};
        dns::UpstreamAddress address;
        address.endpoints.push_back(*upstream);
        out.dns.upstream.upstreams.push_back(std::move(address));
    }
    return std::optional<Configuration>(std::move(out));
}

}  // namespace hort
