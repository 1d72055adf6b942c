#include "daemon/proxy/block_page.h"

#include "daemon/proxy/ask_form.h"
#include "daemon/proxy/block_words.h"

namespace hort::proxy {
namespace {

std::string_view reason_phrase(int status) {
    switch (status) {
        case 403:
            return "Forbidden";
        case 405:
            return "Method Not Allowed";
        case 200:
            return "OK";
        case 404:
            return "Not Found";
        case 409:
            return "Conflict";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
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

std::string response(int status, std::string_view type, const std::string& body, bool keeps_alive, bool is_head) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_phrase(status)) +
                      "\r\nContent-Type: " + std::string(type) +
                      "\r\nCache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; style-src "
                      "'unsafe-inline'; form-action 'self'; frame-ancestors 'self'\r\nX-Content-Type-Options: "
                      "nosniff\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\nConnection: " + (keeps_alive ? "keep-alive" : "close") +
                      "\r\n\r\n";
    return is_head ? out : out + body;
}

constexpr std::string_view html = "text/html; charset=utf-8";

std::string page(std::string_view language, std::string_view title, const std::string& content) {
    return "<!doctype html>\n<html lang=\"" + std::string(language) +
           "\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" "
           "content=\"width=device-width\">\n<title>" +
           std::string(title) +
           "</title>\n<style>"
           "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:10vh auto;padding:0 1.2rem;color:#223;"
           "background:#fff}"
           "h1{font-size:1.6rem;line-height:1.25;text-wrap:balance}h2{font-size:1.15rem;margin:2rem 0 "
           "0}p,h2,code{overflow-wrap:anywhere}"
           "form{display:flex;flex-wrap:wrap;gap:.6rem}label{flex:1 0 "
           "100%}input,select,button{font:inherit;padding:.5rem .7rem;"
           "border:1px solid #99a;border-radius:.4rem;background:inherit;color:inherit}input{flex:1 1 "
           "12rem;min-width:0}"
           "button{background:#0b5cad;border-color:#0b5cad;color:#fff;cursor:pointer}.phone{white-space:nowrap}"
           ".why{background:#eef2f7;border-radius:.5rem;padding:.8rem 1rem}"
           ".help{border-top:1px solid #ccd;margin-top:2rem;padding-top:1rem}.help a{font-weight:600;color:#0b5cad}"
           "code{display:block;background:#f6f6f6;padding:.4rem .6rem;border-radius:.3rem}"
           "@media(prefers-color-scheme:dark){body{background:#16181d;color:#dde}.why{background:#242a35}"
           "code{background:#22252c}.help{border-color:#445}.help a{color:#8cc4ff}}"
           "</style></head>\n<body>\n" +
           content + "</body>\n</html>\n";
}

// A GIF of one transparent pixel.
constexpr std::string_view pixel(
    "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00"
    "\x01\x00\x00\x02\x02\x44\x01\x00;",
    43);

// What a ruling is about, in the page's language.
std::string what_of(const Ruling& ruling, bool is_german) {
    const auto& source = ruling.decision.source;
    if (source.category) {
        const auto& title = Taxonomy::shipped().entries()[*source.category].title;
        return is_german ? title.de : title.en;
    }
    if (source.service != nullptr) return source.service->title;
    if (source.web != nullptr) return source.web->text;
    const auto name = Hostname::parse(ruling.site);
    return name && source.matched_labels > 0 ? std::string(name->suffix(source.matched_labels)) : ruling.site;
}

// "at 16:00", or with the day where it is another one.
std::string when(const Ruling& ruling, const BlockWords::Language& words) {
    const auto then = ruling.policy->zone.local_time(ruling.until->wall_seconds);
    const auto today = ruling.policy->zone.local_time(ruling.at.wall_seconds);
    const auto two_digits = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    const auto time = two_digits(then.minute / 60) + ":" + two_digits(then.minute % 60);
    return fill_in(then.day == today.day ? words.at : words.on,
                   {{"time", time}, {"day", words.days[static_cast<std::size_t>(then.weekday())]}});
}

std::string ask_form(const BlockWords::Language& words, Tier tier, const std::string& token, bool is_about_time,
                     const std::string& site) {
    const auto id = site.empty() ? std::string("why") : "why-" + site;
    std::string out = "<form method=\"post\" action=\"" + std::string(ask_path) + "\">\n<label for=\"" + id + "\">" +
                      (is_about_time ? words.ask_time : words.ask).for_tier(tier) +
                      "</label>\n<input type=\"hidden\" name=\"token\" value=\"" + token + "\">";
    if (!site.empty()) out += "<input type=\"hidden\" name=\"site\" value=\"" + site + "\">";
    if (is_about_time) {
        out += "<select name=\"minutes\">";
        for (const char* count : {"15", "30", "60"})
            out += std::string("<option value=\"") + count + "\">" + fill_in(words.minutes, {{"count", count}}) +
                   "</option>";
        out += "</select>";
    }
    out += "<input id=\"" + id + "\" name=\"why\" maxlength=\"200\" autocomplete=\"off\" placeholder=\"";
    return out + words.why + "\"><button>" + words.send + "</button>\n</form>\n";
}

// Why, until when, and the form to ask for it. `site`: what the form says that it is about, where it is on another
// page.
std::string why_and_ask(const Ruling& ruling, const BlockWords::Language& words, bool is_german,
                        const std::string& ask_token, const std::string& site = {}) {
    const auto tier = ruling.who.profile->tier;
    const auto& source = ruling.decision.source;
    const std::map<std::string, std::string> values = {{"site", escape_html(ruling.site)},
                                                       {"what", escape_html(what_of(ruling, is_german))}};
    std::string out = "<p class=\"why\">";
    if (source.is_within)
        out += fill_in(words.within.for_tier(tier), values);
    else if (source.web != nullptr && source.web->kind != WebRule::Kind::page)
        out += fill_in(words.web.at(source.web->kind).for_tier(tier), values);
    else if (const auto why = words.reason.find(ruling.decision.reason); why != words.reason.end())
        out += fill_in(why->second.for_tier(tier), values);
    if (ruling.until) {
        auto until = fill_in(words.until.for_tier(tier), {{"until", when(ruling, words)}});
        if (until[0] >= 'a' && until[0] <= 'z') until[0] = static_cast<char>(until[0] - 32);
        out += " " + until;
    }
    out += "</p>\n";
    const auto reason = ruling.decision.reason;
    const bool is_about_time = reason == Reason::schedule || reason == Reason::budget;
    if (reason != Reason::pause && reason != Reason::bypass && reason != Reason::break_time)
        out += ask_token.empty() ? "<p>" + words.ask_elsewhere.for_tier(tier) + "</p>\n"
                                 : ask_form(words, tier, ask_token, is_about_time, escape_html(site));
    return out;
}

std::string help_of(const Ruling& ruling, const BlockWords::Language& words) {
    const auto& help = ProtectedHelp::shipped().of_country(ruling.policy->country);
    const std::string host(help.host.text());
    auto out = "<p class=\"help\">" + words.help.for_tier(ruling.who.profile->tier) + " <a href=\"https://" + host +
               "/\">" + host + "</a>";
    if (!help.phone.empty()) {
        std::string digits;
        for (const char c : help.phone)
            if ((c >= '0' && c <= '9') || c == '+') digits += c;
        out += ", <a class=\"phone\" href=\"tel:" + digits + "\">" + fill_in(words.phone, {{"phone", help.phone}}) +
               "</a>";
    }
    return out + "</p>\n";
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

BlockPageFor BlockPageFor::request(const RequestHead& request, bool keeps_alive) {
    BlockPageFor out;
    out.languages = field_of(request.fields, "accept-language");
    out.keeps_alive = keeps_alive;
    out.is_head = request.method == "HEAD";
    const auto destination = field_of(request.fields, "sec-fetch-dest");
    const auto accepted = field_of(request.fields, "accept");
    if (destination == "image" || (destination.empty() && accepted.starts_with("image/")))
        out.purpose = Purpose::picture;
    else if ((!destination.empty() && destination != "document" && destination != "iframe" && destination != "frame") ||
             accepted.starts_with("text/css"))
        out.purpose = Purpose::part;
    return out;
}

std::string block_page(const Ruling& ruling, const BlockPageFor& what) {
    if (what.purpose == Purpose::picture)
        return response(403, "image/gif", std::string(pixel), what.keeps_alive, what.is_head);
    if (what.purpose == Purpose::part) return response(403, "text/plain", {}, what.keeps_alive, what.is_head);
    const auto& [tag, words] = BlockWords::shipped().language(what.languages);
    const auto tier = ruling.who.profile->tier;
    const auto content = "<h1>" + words.heading.for_tier(tier) + "</h1>\n" +
                         why_and_ask(ruling, words, tag == "de", what.ask_token) + help_of(ruling, words);
    return response(403, html, page(tag, words.title.for_tier(tier), content), what.keeps_alive, what.is_head);
}

std::string refusals_page(const Ruling& reader, const std::vector<Refused>& refused, const BlockPageFor& what) {
    const auto& [tag, words] = BlockWords::shipped().language(what.languages);
    const auto tier = reader.who.profile->tier;
    const auto text = [&](const BlockWords::Text& one) { return "<p>" + one.for_tier(tier) + "</p>\n"; };
    auto content = "<h1>" + words.lately.heading.for_tier(tier) + "</h1>\n";
    if (reader.who.person == nullptr)
        content += text(words.lately.unknown);
    else
        content += text(refused.empty() ? words.lately.nothing : words.lately.only_you);
    for (const auto& one : refused)
        content += "<h2>" + escape_html(one.ruling.site) + "</h2>\n" +
                   why_and_ask(one.ruling, words, tag == "de", one.ask_token, one.ruling.site);
    content += help_of(reader, words);
    return response(200, html, page(tag, words.lately.title.for_tier(tier), content), what.keeps_alive, what.is_head);
}

std::string asked_page(const Ruling& ruling, const BlockPageFor& what, const Status& done) {
    const auto& [tag, words] = BlockWords::shipped().language(what.languages);
    const auto tier = ruling.who.profile->tier;
    const auto& text = (done ? words.asked : words.not_asked).for_tier(tier);
    std::string content = "<h1>" + words.heading.for_tier(tier) + "</h1>\n<p class=\"why\">" + text;
    if (!done && tier > Tier::age_7_11) content += " " + escape_html(done.error().what);
    content += "</p>\n<p><a href=\"/\">" + words.back + "</a></p>\n";
    return response(done ? 200 : 409, html, page(tag, words.title.for_tier(tier), content), what.keeps_alive, false);
}

std::string error_page(int status, std::string_view what) {
    const std::string phrase(reason_phrase(status));
    return response(status, html,
                    page("en", phrase, "<h1>" + phrase + "</h1>\n<p class=\"why\">" + escape_html(what) + "</p>\n"),
                    false, false);
}

}  // namespace hort::proxy
