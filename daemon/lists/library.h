// The lists of an installation, compiled into one ruleset image: files below its folder of lists, subscriptions, and
// the lists of installed bundles.
//
// The image is kept and used again as long as no list changed; a damaged one is compiled anew.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/list_intake.h"
#include "rules/ruleset.h"

namespace hort::lists {

// One list on the disk.
struct ListFile {
    std::string path;
    std::string include_folder;  // of the lists that it includes, with its last '/'
    std::string name;            // as people know it: "gambling/own.txt", "subscription 3 (UT1 gambling)"
    std::optional<Category> category;
    std::optional<ListFormat> format;  // empty: detected
    std::optional<Scope> scope;
};

struct ListInfo {
    ListFile file;
    ListFormat format = ListFormat::domains;
    ListReport report;
};

struct Library {
    std::shared_ptr<const Ruleset> ruleset;
    std::vector<ListInfo> lists;
    // One line each: a folder that is no category, a damaged image, an unreadable list.
    std::vector<std::string> warnings;
    std::vector<std::string> narrowed;  // entries that were narrowed or left out: "list:line: what"
    bool was_compiled = false;          // false: the kept image was good
};

// The lists below ROOT/<category>/; what is no list is told in `warnings`. Fails when the root cannot be read.
Result<std::vector<ListFile>> files_below(const std::string& root, std::vector<std::string>& warnings);

// Fails when the lists cannot be compiled; an image that cannot be written is used from memory, with a warning. `salt`
// keys the image.
Result<Library> load_library(const std::vector<ListFile>& files, const std::string& image_folder, HashKey salt);

// Where a host stands: every list of the category that blocks it, with the rule as written.
struct Place {
    std::string list;
    std::uint32_t line = 0;
    std::string entry;
};
std::vector<Place> find_places(const Library& library, const Hostname& host, Category category);

}  // namespace hort::lists
