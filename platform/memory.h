// Gives memory back to the system that a large piece of work has left behind, so that what the daemon holds stays flat.
#pragma once

namespace hort::platform {

// At the start: large blocks go back to the system the moment they are freed. By itself the C library raises the size
// from which it does so with each such block (mallopt(3), M_MMAP_THRESHOLD), and keeps what a compilation of lists used
// scattered over its arenas.
void return_large_blocks();
// After such work: what small blocks left.
void release_unused_memory();

}  // namespace hort::platform
