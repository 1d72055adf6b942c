// Names that the owner set: records that DNS answers with.
#pragma once

#include <string>
#include <vector>

#include "daemon/store/audit.h"

namespace hort::store {

struct LocalRecordRow {
    std::string name;   // in its one form; "*.lab.home" for all below lab.home
    std::string type;   // "A", "AAAA", "CNAME", "PTR", "TXT"
    std::string value;  // as typed, in its one form
};

class LocalRecords {
  public:
    explicit LocalRecords(Database& database) : database_(database) {}

    Result<std::vector<LocalRecordRow>> all() const;  // by name
    // Refused when it is there already, or beside an alias (RFC 1034 section 3.6.2).
    Status add(const LocalRecordRow& record, const By& by);
    // All of the name's records, of `type` unless it is empty. Refused when there are none.
    Status remove(const std::string& name, const std::string& type, const By& by);

  private:
    Database& database_;
};

}  // namespace hort::store
