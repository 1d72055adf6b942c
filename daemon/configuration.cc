#include "daemon/configuration.h"

#include <sys/stat.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/version.h"
#include "platform/mapped_file.h"
#include "rules/nearest.h"

namespace hort {
namespace {

constexpr const char* help =
    "hortd: filters DNS and HTTP for the children of this machine\n\n"
    "Usage: hortd --data DIR [--dns ADDRESS:PORT] [--proxy ADDRESS:PORT] [--upstream ADDRESS:PORT]... [--lists DIR]\n\n"
    "  --data DIR               keep everything below DIR (made when it is not there)\n"
    "  --dns ADDRESS:PORT       listen for DNS over UDP and TCP; default 127.0.0.1:5300\n"
    "  --proxy ADDRESS:PORT     listen as an HTTP proxy; default 127.0.0.1:3180\n"
    "  --upstream ADDRESS:PORT  ask this resolver; may be given several times; default: the machine's own\n"
    "  --lists DIR              block lists, DIR/<category>/<file>; default DATA/lists\n"
    "  --log-host-names         keep host names in the log of blocked attempts ('hortctl log')\n"
    "  --version, --help\n\n"
    "DATA/hort.json may say the same: {\"dns\": \"127.0.0.1:5300\", \"upstreams\": [\"192.0.2.53:53\"]}.\n"
    "SIGTERM ends it, SIGHUP re-reads the lists.\n";

constexpr std::string_view keys[] = {"dns", "proxy", "upstreams", "lists", "log_host_names"};

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
        const auto endpoint = [&](const nlohmann::json& from) -> Result<platform::Endpoint> {
            if (!from.is_string()) return Error{"not a string", where, "for example \"127.0.0.1:5300\""};
            auto parsed = platform::parse_endpoint(from.get<std::string>());
            if (!parsed) return Error{parsed.error().what + ": " + parsed.error().where, where, parsed.error().hint};
            return parsed;
        };
        if (key == "dns" || key == "proxy") {
            const auto parsed = endpoint(value);
            if (!parsed) return parsed.error();
            (key == "dns" ? out.dns : out.proxy) = *parsed;
        } else if (key == "upstreams") {
            if (!value.is_array() || value.empty())
                return Error{"not a list", where, "for example [\"192.0.2.53:53\"]"};
            out.upstreams.clear();
            for (const auto& item : value) {
                const auto parsed = endpoint(item);
                if (!parsed) return parsed.error();
                out.upstreams.push_back(*parsed);
            }
        } else if (key == "lists") {
            if (!value.is_string()) return Error{"not a string", where, "expected the path of a folder"};
            out.lists = value;
        } else if (key == "log_host_names") {
            if (!value.is_boolean()) return Error{"neither true nor false", where, {}};
            out.keeps_host_names = value;
        } else {
            const auto near = nearest(key, keys);
            return Error{"no such setting", where,
                         near.empty() ? "expected dns, proxy, upstreams, lists or log_host_names"
                                      : "did you mean " + std::string(near) + "?"};
        }
    }
    configuration = std::move(out);
    return Done{};
}

std::optional<platform::Endpoint> upstream_of_resolv_conf(const std::string& text, const platform::Endpoint& own) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word, address;
        words >> word >> address;
        if (word != "nameserver") continue;
        const auto parsed = platform::parse_address(address);
        if (parsed && !(platform::Endpoint{*parsed, 53} == own)) return platform::Endpoint{*parsed, 53};
    }
    return std::nullopt;
}

Result<std::optional<Configuration>> read_configuration(const std::vector<std::string>& arguments) {
    Configuration given;
    Given is_given;
    given.dns = *platform::parse_endpoint("127.0.0.1:5300");
    given.proxy = *platform::parse_endpoint("127.0.0.1:3180");
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
        if (option == "--log-host-names") {
            given.keeps_host_names = true;
            continue;
        }
        if (option != "--data" && option != "--lists" && option != "--dns" && option != "--proxy" &&
            option != "--upstream")
            return Error{"no such option", option, usage};
        if (i + 1 == arguments.size()) return Error{"needs a value", option, usage};
        const auto& value = arguments[++i];
        if (option == "--data")
            given.data = value;
        else if (option == "--lists")
            given.lists = value, is_given.lists = true;
        else {
            const auto endpoint = platform::parse_endpoint(value);
            if (!endpoint) return Error{endpoint.error().what + ": " + value, option, endpoint.error().hint};
            if (option == "--dns")
                given.dns = *endpoint, is_given.dns = true;
            else if (option == "--proxy")
                given.proxy = *endpoint, is_given.proxy = true;
            else
                given.upstreams.push_back(*endpoint), is_given.upstreams = true;
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
        if (is_given.dns) out.dns = given.dns;
        if (is_given.proxy) out.proxy = given.proxy;
        if (is_given.upstreams) out.upstreams = given.upstreams;
        if (is_given.lists) out.lists = given.lists;
        out.keeps_host_names |= given.keeps_host_names;
    }
    if (out.lists.empty()) out.lists = out.data + "/lists";
    if (out.upstreams.empty()) {
        const auto text = platform::read_file("/etc/resolv.conf", 1 << 16);
        const auto upstream = text ? upstream_of_resolv_conf(*text, out.dns) : std::nullopt;
        if (!upstream)
            return Error{"no resolver to ask", "/etc/resolv.conf", "name one, for example --upstream 192.168.1.1:53"};
        out.upstreams.push_back(*upstream);
    }
    return std::optional<Configuration>(std::move(out));
}

}  // namespace hort
