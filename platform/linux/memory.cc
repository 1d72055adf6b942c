#include "platform/memory.h"

#include <malloc.h>

namespace hort::platform {
void release_unused_memory() { malloc_trim(0); }
}  // namespace hort::platform
