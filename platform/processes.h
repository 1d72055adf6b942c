// Processes: which programs start and end on this machine. The kernel tells it (proc connector, which needs
// CAP_NET_ADMIN); nothing is asked again and again. https://docs.kernel.org/driver-api/connector.html
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rules/result.h"

namespace hort::platform {

struct Process {
    std::int32_t id = 0;
    std::uint32_t account = 0;
    std::string program;  // its file name; of a Windows program under Wine that program's
};

class Processes {
  public:
    virtual ~Processes() = default;
    // An error where the right is missing.
    static Result<std::unique_ptr<Processes>> watch();

    // Readable when process() has something to do.
    virtual int descriptor() const = 0;
    // Calls `began` and `ended` for what happened. False when events were lost: what runs is to be read anew.
    virtual bool process(const std::function<void(const Process&)>& began,
                         const std::function<void(std::int32_t id)>& ended) = 0;
    // What runs now.
    virtual std::vector<Process> all() const = 0;
};

}  // namespace hort::platform
