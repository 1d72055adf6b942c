#include "daemon/lists/worker.h"

#include <gtest/gtest.h>

#include <future>

namespace hort::lists {
namespace {

TEST(Worker, DoesOneThingAfterAnotherAndThenWhatIsDue) {
    std::vector<int> order;
    std::promise<void> done;
    Worker worker;
    std::promise<void> all_given;
    worker.run([&] {
        all_given.get_future().wait();
        order.push_back(1);
    });
    worker.run([&] { order.push_back(2); });
    worker.run_at(std::chrono::system_clock::now(), [&] {
        order.push_back(3);
        done.set_value();
    });
    all_given.set_value();
    done.get_future().wait();
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(Worker, EndsWithoutWhatWaits) {
    bool is_run = false;
    {
        Worker worker;
        worker.run_at(std::chrono::system_clock::now() + std::chrono::hours(1), [&] { is_run = true; });
    }
    EXPECT_FALSE(is_run);
}

TEST(Worker, ALaterPlanReplacesAnEarlierOne) {
    std::promise<int> which;
    Worker worker;
    worker.run_at(std::chrono::system_clock::now() + std::chrono::hours(1), [&] { which.set_value(1); });
    worker.run_at(std::chrono::system_clock::now(), [&] { which.set_value(2); });
    EXPECT_EQ(which.get_future().get(), 2);
}

}  // namespace
}  // namespace hort::lists
