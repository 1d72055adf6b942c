// Monitor: the small part of hortd that stays root. The rest, the worker, reads everything that strangers send, may do
// nothing itself, and asks the monitor for what only root may do. (Privilege separation: Provos, Friedl, Honeyman,
// "Preventing Privilege Escalation", USENIX Security 2003.)
//
// Each question and answer is an object of CBOR (RFC 8949) behind its length (4 octets, of this machine's order) on a
// stream socket between the two. The monitor takes the worker for hostile: it knows a few questions, and reads each
// strictly.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

constexpr std::size_t max_question = 4 << 20;  // octets

// The worker's end. Any thread.
class Monitor {
  public:
    // Whom this process asks; null: it is not a worker, and does things itself.
    static Monitor* in_use();
    // From now on the one at the other end of this socket, which becomes its own.
    static void use(int socket);

    // An error is the monitor's answer. When it is gone this process ends: without it nothing is held.
    // `descriptor`: one that comes with the answer, the caller's own; -1 when there is none.
    Result<nlohmann::json> ask(const std::string& what, const nlohmann::json& about, int* descriptor = nullptr);

  private:
    explicit Monitor(int socket) : socket_(socket) {}
    const int socket_;
    std::mutex mutex_;
};

// The monitor's end: what it answers. On one thread.
class MonitorDesk {
  public:
    MonitorDesk();
    ~MonitorDesk();
    MonitorDesk(const MonitorDesk&) = delete;
    MonitorDesk& operator=(const MonitorDesk&) = delete;

    // May throw what nlohmann::json throws: then the question was none. `descriptor` goes along with the answer.
    using Answer = std::function<Result<nlohmann::json>(const nlohmann::json& about, int& descriptor)>;
    void answer(const std::string& what, Answer answer);

    // Another worker asks from now on.
    void begin() { read_.clear(); }
    // One question as it came, and its answer. Without the socket, for tests.
    std::vector<std::uint8_t> reply(const std::uint8_t* question, std::size_t size, int& descriptor) const;
    // Reads what has come, and answers each question that is whole. False when the worker is gone or says what it
    // cannot mean. Waits for nothing to come, but for an answer to be taken.
    bool serve(int socket);

  private:
    std::map<std::string, Answer> answers_;
    std::vector<std::uint8_t> read_;
};

// What the parts of platform/ are asked. `instance`: see platform/process_hold.h.
void answer_for_platform(MonitorDesk& desk, const std::string& instance);

}  // namespace hort::platform
