#include "platform/monitor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "platform/linux/descriptor_passing.h"
#include "platform/linux/fd.h"

namespace hort::platform {
namespace {

using nlohmann::json;

std::unique_ptr<Monitor> used;

std::string_view text_of(const std::vector<std::uint8_t>& octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

bool receive_all(int socket, std::uint8_t* into, std::size_t size, Fd* descriptor) {
    for (std::size_t at = 0; at < size;) {
        const auto got = receive(socket, into + at, size - at, descriptor, 0);
        if (got <= 0) return false;
        at += static_cast<std::size_t>(got);
    }
    return true;
}

std::vector<std::uint8_t> with_length(const json& message) {
    std::vector<std::uint8_t> out(sizeof(std::uint32_t));
    json::to_cbor(message, out);
    const auto size = static_cast<std::uint32_t>(out.size() - sizeof(std::uint32_t));
    std::memcpy(out.data(), &size, sizeof size);
    return out;
}

// The library reads CBOR by calling itself: who sends nothing but beginnings of lists would end this process.
struct DepthCheck final : nlohmann::json_sax<json> {
    static constexpr int max_depth = 16;
    int depth = 0;
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return ++depth <= max_depth; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return --depth >= 0; }
    bool start_array(std::size_t) override { return ++depth <= max_depth; }
    bool end_array() override { return --depth >= 0; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }
};

json error_of(const Error& error) { return {{"error", {error.what, error.where, error.hint}}}; }

}  // namespace

Monitor* Monitor::in_use() { return used.get(); }
void Monitor::use(int socket) { used.reset(new Monitor(socket)); }

Result<json> Monitor::ask(const std::string& what, const json& about, int* descriptor) {
    const auto question = with_length({{"what", what}, {"about", about}});
    if (question.size() > max_question) return Error{"there is more of it than can be asked for", what, {}};
    const std::lock_guard lock(mutex_);
    std::uint32_t size = 0;
    Fd given;
    std::vector<std::uint8_t> answer;
    bool is_there = send_all(socket_, text_of(question)) &&
                    receive_all(socket_, reinterpret_cast<std::uint8_t*>(&size), sizeof size, &given);
    if (is_there) {
        answer.resize(size);
        is_there = receive_all(socket_, answer.data(), answer.size(), nullptr);
    }
    if (!is_there) {
        std::fprintf(stderr, "hortd: the monitor is gone\n");
        std::_Exit(1);
    }
    if (descriptor != nullptr) *descriptor = given.release();
    const auto said = json::from_cbor(answer);
    if (!said.contains("error")) return said.at("answer");
    const auto& error = said.at("error");
    return Error{error.at(0).get<std::string>(), error.at(1).get<std::string>(), error.at(2).get<std::string>()};
}

MonitorDesk::MonitorDesk() = default;
MonitorDesk::~MonitorDesk() = default;

void MonitorDesk::answer(const std::string& what, Answer answer) { answers_[what] = std::move(answer); }

std::vector<std::uint8_t> MonitorDesk::reply(const std::uint8_t* question, std::size_t size, int& descriptor) const {
    try {
        DepthCheck check;
        if (!json::sax_parse(question, question + size, &check, json::input_format_t::cbor))
            return with_length(error_of({"the question is none", {}, {}}));
        const auto asked = json::from_cbor(question, question + size);
        const auto known = answers_.find(asked.at("what").get<std::string>());
        if (known == answers_.end()) return with_length(error_of({"that is no question", {}, {}}));
        const auto answer = known->second(asked.at("about"), descriptor);
        return with_length(answer ? json{{"answer", *answer}} : error_of(answer.error()));
    } catch (const json::exception& fault) {
        return with_length(error_of({std::string("the question is none: ") + fault.what(), {}, {}}));
    }
}

bool MonitorDesk::serve(int socket) {
    std::array<std::uint8_t, 65536> buffer;
    for (;;) {
        const auto got = receive(socket, buffer.data(), buffer.size(), nullptr, MSG_DONTWAIT);
        if (got < 0) return errno == EAGAIN;
        if (got == 0) return false;
        read_.insert(read_.end(), buffer.begin(), buffer.begin() + got);
        std::uint32_t size = 0;
        while (read_.size() >= sizeof size) {
            std::memcpy(&size, read_.data(), sizeof size);
            if (size > max_question) return false;
            if (read_.size() - sizeof size < size) break;
            int descriptor = -1;
            const auto answer = reply(read_.data() + sizeof size, size, descriptor);
            const Fd given(descriptor);
            if (!send_all(socket, text_of(answer), descriptor)) return false;
            read_.erase(read_.begin(), read_.begin() + static_cast<std::ptrdiff_t>(sizeof size + size));
        }
    }
}

}  // namespace hort::platform
