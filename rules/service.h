// Service: a thing that people name ("roblox", "youtube"): its host names and its programs, so that one word blocks
// both. The data with its sources: rules/data/services.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/category.h"
#include "rules/hostname.h"

namespace hort {

struct Service {
    std::string id, title, kind;
    CategorySet categories;
    std::vector<Hostname> hosts;           // each with all below it
    std::vector<std::string> executables;  // file names, as on Linux and Windows
    std::vector<std::string> desktop_ids;  // freedesktop.org desktop files
    std::vector<std::string> flatpak_ids;

    bool has_host(const Hostname& host) const;
    // Of a file name, a desktop file or a Flatpak.
    bool has_program(std::string_view name) const;
    std::vector<std::string> programs() const;
};

// A program's name as it is compared: in lower case, but a path as it is.
std::string program_key(std::string_view name);
// Can a rule be about a program of this name: its file name, its absolute path, the id of its Flatpak or desktop file?
bool is_program_name(std::string_view name);

class Services {
  public:
    // Reads the JSON of rules/data/services.json. The error names the service and what was expected.
    static Result<Services> parse(std::string_view json);
    static const Services& shipped();

    const std::vector<Service>& all() const { return all_; }
    // nullptr when there is none.
    const Service* find(std::string_view id) const;
    // For "did you mean ...?"; empty when none is near.
    std::string_view nearest_id(std::string_view id) const;

  private:
    std::vector<Service> all_;  // by id
};

}  // namespace hort
