// Checks what was given to a command against the table (commands.h).
#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "ctl/commands.h"
#include "rules/category.h"
#include "rules/hostname.h"
#include "rules/nearest.h"
#include "rules/service.h"
#include "rules/time_text.h"
#include "rules/web_rule.h"

namespace hort::ctl {
namespace {

using T = ParameterType;

Error fault(const Parameter& parameter, std::string what, std::string expected) {
    return Error{std::move(what), "parameter " + std::string(parameter.name), std::move(expected)};
}

std::string shown(const nlohmann::json& value) {
    auto text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
    return text.size() > 80 ? text.substr(0, 80) + "..." : text;
}

bool is_plain_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '_';
           });
}

// "https://www.example.org/path" means "www.example.org".
std::string_view host_part(std::string_view text) {
    if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
    return text.substr(0, text.find_first_of("/:?#"));
}

Result<nlohmann::json> check_value(const Parameter& parameter, const nlohmann::json& value) {
    if (parameter.type == T::age || parameter.type == T::count) {
        const int low = parameter.type == T::age ? 0 : 1, high = parameter.type == T::age ? 120 : 1000;
        const std::string expected =
            "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high);
        if (!value.is_number_integer() || value < low || value > high)
            return fault(parameter, shown(value) + " is not one", expected);
        return value;
    }
    if (parameter.type == T::number) {
        if (!value.is_number_integer() || value < 1)
            return fault(parameter, shown(value) + " is not one", "expected a whole number of at least 1");
        return value;
    }
    if (parameter.type == T::flag) {
        if (!value.is_boolean())
            return fault(parameter, shown(value) + " is not true or false", "expected true or false");
        return value;
    }
    if (parameter.type == T::amount && value.is_number_integer()) {
        if (value < 0 || value > Budget::unlimited)
            return fault(parameter, shown(value) + " is no amount", "expected seconds, 0 or more");
        return value;
    }
    if (parameter.type == T::duration && value.is_number_integer()) {
        constexpr std::int64_t most = 366 * 86400;
        if (value < 1 || value > most)
            return fault(parameter, shown(value) + " is no duration", "expected seconds, from 1 to a year");
        return value;
    }
    if (!value.is_string()) return fault(parameter, shown(value) + " is not text", "expected a string");
    const auto text = value.get<std::string>();
    switch (parameter.type) {
        case T::person:
        case T::new_name:
        case T::account:
            if (!is_plain_name(text))
                return fault(parameter, shown(value) + " is no name",
                             "expected up to 32 letters, digits, '-' and '_', for example mia");
            return value;
        case T::device:
            if (text.empty() || text.size() > 63)
                return fault(parameter, shown(value) + " is no device",
                             "for example 192.168.1.20, 10.7.0.0/16, 02:00:5e:10:00:01 or mia-phone");
            return value;
        case T::duration: {
            const auto seconds = parse_duration(text);
            if (!seconds) return fault(parameter, seconds.error().what + ": " + shown(value), seconds.error().hint);
            return nlohmann::json(*seconds);
        }
        case T::days: {
            if (const auto days = parse_days(text)) return value;
            const auto weekdays = parse_weekdays(text);
            if (!weekdays && text.size() >= 8 && text[0] >= '0' && text[0] <= '9')
                return fault(parameter, shown(value) + " is no day",
                             "for example 2026-12-24 or 2026-12-23..2027-01-06");
            if (!weekdays) return fault(parameter, weekdays.error().what, weekdays.error().hint);
            return value;
        }
        case T::windows: {
            const auto windows = parse_windows(text);
            if (!windows)
                return fault(parameter, windows.error().what + ": " + shown(value),
                             windows.error().hint + "; several with commas, none or all");
            return nlohmann::json(text_of_windows(*windows));
        }
        case T::amount: {
            const auto seconds = parse_amount(text);
            if (!seconds) return fault(parameter, seconds.error().what + ": " + shown(value), seconds.error().hint);
            return nlohmann::json(*seconds);
        }
        case T::weekdays: {
            const auto weekdays = parse_weekdays(text);
            if (!weekdays) return fault(parameter, weekdays.error().what, weekdays.error().hint);
            return value;
        }
        case T::date:
            if (const auto day = parse_day(text); !day)
                return fault(parameter, shown(value) + " is no day", "for example 2015-06-12");
            return value;
        case T::choice: {
            auto expected = std::string(parameter.choices);
            for (std::size_t at = 0; at <= expected.size();) {
                const auto end = std::min(expected.find('|', at), expected.size());
                if (text == expected.substr(at, end - at)) return value;
                at = end + 1;
            }
            for (std::size_t at; (at = expected.find('|')) != std::string::npos;)
                expected.replace(at, 1, expected.find('|', at + 1) == std::string::npos ? " or " : ", ");
            return fault(parameter, shown(value) + " is none of them", "expected " + expected);
        }
        case T::target: {
            if (text.starts_with('/') && is_program_name(text)) return value;
            if (Services::shipped().find(text) != nullptr) return value;
            const auto site = host_part(text);
            const auto host = Hostname::parse(site);
            const auto rest = std::string_view(text).substr(text.find(site) + site.size());
            if (host && host->label_count() >= 2 && rest.find('/') + 1 < rest.size() && text.size() <= 8000)
                return nlohmann::json(std::string(host->text()) + std::string(rest.substr(rest.find('/'))));
            if (host && host->label_count() >= 2 && text.find(".exe") == std::string::npos)
                return nlohmann::json(std::string(host->text()));
            if (text.empty() || text.size() > 255 || text.find('.') == 0)
                return fault(parameter, shown(value) + " is neither", "for example tiktok.com, roblox or minetest");
            return value;
        }
        case T::when: {
            const auto blank = text.rfind(' ');
            const auto day = blank == std::string::npos ? std::string() : text.substr(0, blank);
            if (!parse_time_of_day(std::string_view(text).substr(blank == std::string::npos ? 0 : blank + 1)) ||
                (!day.empty() && !parse_day(day) && !parse_weekday(day)))
                return fault(parameter, shown(value) + " is no time",
                             "for example \"sat 20:15\", \"2026-03-29 02:30\" or 20:15");
            return value;
        }
        case T::category:
            if (const auto category = Taxonomy::shipped().find(text))
                return nlohmann::json(std::string(Taxonomy::shipped().id_of(*category)));
            else
                return fault(parameter, text.substr(0, 60) + " is no category", category.error().hint);
        case T::rule:
            if (WebRule::is_meant(text)) {
                const auto web = WebRule::parse(text);
                return web ? Result<nlohmann::json>(web->subject())
                           : fault(parameter, web.error().what, web.error().hint);
            }
            [[fallthrough]];
        case T::subject:
        case T::site: {
            const bool is_site = parameter.type == T::site;
            if (!is_site && (text.starts_with("program:") || text.starts_with('/'))) {
                auto subject = text.starts_with('/') ? "program:" + text : text;
                if (is_program_name(std::string_view(subject).substr(8))) return nlohmann::json(std::move(subject));
                return fault(parameter, shown(value) + " is no program",
                             "its file name or path, for example program:minetest or /opt/game/game");
            }
            if (!is_site) {
                if (const auto category = Taxonomy::shipped().find(text))
                    return nlohmann::json(std::string(Taxonomy::shipped().id_of(*category)));
                if (Services::shipped().find(text) != nullptr) return value;
            }
            const auto host = Hostname::parse(host_part(text));
            if (host && host->label_count() >= 2) return nlohmann::json(std::string(host->text()));
            std::string hint = "expected a site, for example tiktok.com";
            if (!is_site) {
                const auto service = Services::shipped().nearest_id(text);
                const auto category = Taxonomy::shipped().find(text);
                hint += service.empty() ? ", a service or a category: " + category.error().hint
                                        : ", or a service: did you mean '" + std::string(service) + "'?";
            }
            return fault(parameter, host ? text + " is a single label, no site" : host.error().text(), hint);
        }
        default:
            return value;
    }
}

}  // namespace

Result<nlohmann::json> check_parameters(const Command& command, const nlohmann::json& params) {
    if (!params.is_object() && !params.is_null())
        return Error{"params is not an object", {}, "parameters are given by name"};
    nlohmann::json out = nlohmann::json::object();
    std::vector<std::string_view> names;
    for (const auto& parameter : command.parameters) {
        names.push_back(parameter.name);
        const auto it = params.is_object() ? params.find(std::string(parameter.name)) : params.end();
        if (it == params.end()) {
            if (!parameter.is_option && !parameter.is_optional)
                return fault(parameter, "is missing",
                             "usage: " + command.usage() + "; for example: " + std::string(command.example));
            continue;
        }
        auto values = parameter.is_repeated && it->is_array() ? *it : nlohmann::json::array({*it});
        if (values.size() > 64 && !command.is_local) return fault(parameter, "more than 64 values", {});
        for (auto& value : values) {
            auto checked = check_value(parameter, value);
            if (!checked) return checked.error();
            value = *std::move(checked);
        }
        out[std::string(parameter.name)] = parameter.is_repeated ? values : values[0];
    }
    if (params.is_object())
        for (const auto& [key, value] : params.items())
            if (std::find(names.begin(), names.end(), key) == names.end()) {
                const auto near = nearest(key, names);
                return Error{"no such parameter", key.substr(0, 40),
                             near.empty() ? "usage: " + command.usage() : "did you mean " + std::string(near) + "?"};
            }
    return out;
}

}  // namespace hort::ctl
