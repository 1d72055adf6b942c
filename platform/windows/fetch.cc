// Comes with the daemon's Windows side; rule files with lists by URL are compiled on Linux until then.
#include "platform/fetch.h"

namespace hort::platform {

Result<Fetched> fetch(const FetchRequest& request) {
    return Error{"lists by URL are not available on this system", request.url, "fetch it, and name the file"};
}

}  // namespace hort::platform
