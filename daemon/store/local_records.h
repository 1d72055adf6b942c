// Names that the owner set: records that DNS answers with.
#pragma once

#include <string>
#include <vector>

#include "daemon/local_record.h"
#include "daemon/store/audit.h"

namespace hort::store {

class LocalRecords {
  public:
    explicit LocalRecords(Database& database) : database_(database) {}

    Result<std::vector<LocalRecord>> all() const;  // by name
    // Refused when it is there already, or beside an alias (RFC 1034 section 3.6.2).
    Status add(const LocalRecord& record, const By& by);
    // All of the name's records, of `type` unless it is empty. Refused when there are none.
    Status remove(const std::string& name, const std::string& type, const By& by);

  private:
    Database& database_;
};

}  // namespace hort::store
