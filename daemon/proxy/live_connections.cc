#include "daemon/proxy/live_connections.h"

namespace hort::proxy {

bool LiveConnections::end_longest_resting() {
    LiveConnection* found = nullptr;
    std::int64_t since = INT64_MAX;
    for (auto* connection : all)
        if (const auto resting = connection->resting_since(); resting && *resting < since)
            found = connection, since = *resting;
    if (found != nullptr) found->end();
    return found != nullptr;
}

}  // namespace hort::proxy
