// Splice: octets from one socket to another inside the kernel, without a copy here (splice(2)).
#pragma once

#include <cstddef>
#include <memory>

namespace hort::platform {

class Splice {
  public:
    enum class Outcome {
        moved,         // some octets went on
        source_empty,  // wait until the source can be read
        sink_full,     // wait until the sink can be written
        ended,         // the source has no more, and everything went on
        failed,        // one of both broke
    };
    struct Step {
        Outcome outcome;
        std::size_t octets = 0;  // that reached the sink
    };

    // Nothing where the system has no such thing, or has no room for one more.
    static std::unique_ptr<Splice> make();
    virtual ~Splice() = default;
    // One step, which never blocks, and takes no more than `most` octets from the source. Always between the same two
    // sockets: what left the source may wait here.
    virtual Step move(int source, int sink, std::size_t most) = 0;
};

}  // namespace hort::platform
