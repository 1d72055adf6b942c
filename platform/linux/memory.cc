#include "platform/memory.h"

#include <malloc.h>

namespace hort::platform {

void return_large_blocks() { mallopt(M_MMAP_THRESHOLD, 128 << 10); }

void release_unused_memory() { malloc_trim(0); }

}  // namespace hort::platform
