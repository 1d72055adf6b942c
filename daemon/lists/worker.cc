#include "daemon/lists/worker.h"

namespace hort::lists {

Worker::~Worker() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
        jobs_.clear();
        due_.reset();
    }
    changed_.notify_one();
    thread_.join();
}

void Worker::run(std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    changed_.notify_one();
}

void Worker::run_at(std::optional<std::chrono::system_clock::time_point> time, std::function<void()> job) {
    {
        const std::lock_guard lock(mutex_);
        due_ = time;
        due_job_ = std::move(job);
    }
    changed_.notify_one();
}

bool Worker::is_ending() const {
    const std::lock_guard lock(mutex_);
    return is_ending_;
}

void Worker::work() {
    std::unique_lock lock(mutex_);
    while (!is_ending_) {
        std::function<void()> job;
        if (!jobs_.empty()) {
            job = std::move(jobs_.front());
            jobs_.pop_front();
        } else if (due_ && *due_ <= std::chrono::system_clock::now()) {
            job = std::move(due_job_);
            due_.reset();
        } else if (due_) {
            changed_.wait_until(lock, *due_);
            continue;
        } else {
            changed_.wait(lock);
            continue;
        }
        lock.unlock();
        job();
        job = {};
        lock.lock();
    }
}

}  // namespace hort::lists
