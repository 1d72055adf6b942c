// Gives memory back to the system that a large piece of work has left behind, so that what the daemon holds stays flat.
#pragma once

namespace hort::platform {
void release_unused_memory();
}
