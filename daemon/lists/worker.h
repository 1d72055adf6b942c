// Worker: one thread that does one thing after another, and one that is due at a time. It sleeps in between: nothing
// polls.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace hort::lists {

class Worker {
  public:
    Worker() : thread_([this] { work(); }) {}
    // Waits for the job that runs; those that wait are forgotten.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Any thread.
    void run(std::function<void()> job);
    // Runs `job` at that time, unless another time is given before; nullopt: never.
    void run_at(std::optional<std::chrono::system_clock::time_point> time, std::function<void()> job);
    bool is_ending() const;

  private:
    void work();

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    std::optional<std::chrono::system_clock::time_point> due_;
    std::function<void()> due_job_;
    bool is_ending_ = false;
    std::thread thread_;  // the last: it uses all the others
};

}  // namespace hort::lists
