// The lists of an installation: files below one folder, ROOT/<category>/<list>, compiled into one ruleset image.
//
// The image is kept and used again as long as no list changed; a damaged one is compiled anew.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/list_reader.h"
#include "rules/ruleset.h"

namespace hort::lists {

struct ListInfo {
    std::string path;  // below the root: "gambling/own.txt"
    std::string category;
    ListFormat format = ListFormat::domains;
    ListReport report;
};

struct Library {
    std::shared_ptr<const Ruleset> ruleset;
    std::string root;
    std::vector<ListInfo> lists;
    std::vector<std::string>
        warnings;               // one line each: a folder that is no category, a damaged image, an unreadable list
    bool was_compiled = false;  // false: the kept image was good
};

// Fails when the root cannot be read, or the new image cannot be written. `salt` keys the image.
Result<Library> load_library(const std::string& root, const std::string& image_folder, HashKey salt);

// Where a name stands: every list of the category with an entry that covers `host`.
struct Place {
    std::string list;  // path below the root
    std::uint32_t line = 0;
    std::string entry;
};
std::vector<Place> find_places(const Library& library, const Hostname& host, std::string_view category);

}  // namespace hort::lists
