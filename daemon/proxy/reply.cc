#include "daemon/proxy/reply.h"

#include "daemon/log.h"
#include "daemon/proxy/client_hello.h"

namespace hort::proxy {

asio::awaitable<bool> Reply::refuse(int status, std::string what) {
    parts_.counters.proxy_refused.fetch_add(1, std::memory_order_relaxed);
    const auto page = error_page(status, what);
    co_await client_.write(page);
    co_return false;
}

asio::awaitable<bool> Reply::block(const RequestHead& request, Ruling ruling) {
    parts_.counters.proxy_blocked.fetch_add(1, std::memory_order_relaxed);
    const bool stays = request.keeps_alive && !request.is_connect && request.framing == Framing::none;
    auto about = BlockPageFor::request(request, stays);
    if (ruling.who.person != nullptr)
        about.ask_token = parts_.ask_tokens->make(ruling.who.person->id, ruling.site, ruling.at.wall_seconds);
    const auto page = block_page(ruling, about);
    const bool written = co_await client_.write(page);
    co_return written&& stays;
}

asio::awaitable<bool> Reply::deny(std::string problem) {
    if (problem.empty()) {
        parts_.counters.proxy_blocked.fetch_add(1, std::memory_order_relaxed);
    } else {
        parts_.counters.proxy_refused.fetch_add(1, std::memory_order_relaxed);
        log_line(Level::info, "tunnel refused", {{"why", problem}});
    }
    co_await client_.write(access_denied_alert);
    co_return false;
}

asio::awaitable<bool> Reply::show_refusals(const RequestHead& request, Ruling reader, std::vector<Ruling> rulings) {
    std::vector<Refused> refused;
    for (auto& ruling : rulings) {
        auto token = parts_.ask_tokens->make(ruling.who.person->id, ruling.site, ruling.at.wall_seconds);
        refused.push_back({std::move(ruling), std::move(token)});
    }
    const bool stays = request.keeps_alive && request.framing == Framing::none;
    const auto page = refusals_page(reader, refused, BlockPageFor::request(request, stays));
    const bool written = co_await client_.write(page);
    co_return written&& stays;
}

asio::awaitable<std::optional<AskForm>> Reply::read_question(const RequestHead& request) {
    std::optional<AskForm> form;
    if (request.method == "POST" && request.framing == Framing::length && request.length <= max_ask) {
        while (client_.buffer.size() < request.length) {
            const bool more = co_await client_.read_more();
            if (!more) co_return std::nullopt;
        }
        form = parse_ask_form(std::string_view(client_.buffer).substr(0, request.length));
        client_.buffer.erase(0, request.length);
    }
    if (!form) co_await refuse(400, "not what the page of a blocked site asks");
    co_return form;
}

asio::awaitable<bool> Reply::take_question(const RequestHead& request, Ruling ruling, AskForm form) {
    const auto* person = ruling.who.person;
    if (person == nullptr || !parts_.ask_tokens->is_valid(form.token, person->id, ruling.site, ruling.at.wall_seconds))
        co_return co_await refuse(400, "the page is too old: load the site again");
    Status done = Done{};
    if (ruling.is_blocked()) done = parts_.ask_desk.ask(person->id, ruling.site, form.minutes, form.why);
    const auto page = asked_page(ruling, BlockPageFor::request(request, request.keeps_alive), done);
    const bool written = co_await client_.write(page);
    co_return written&& request.keeps_alive;
}

}  // namespace hort::proxy
