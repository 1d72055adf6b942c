// Database: one SQLite file, opened with its schema brought up to date, and statements that cannot be forgotten open.
//
// One thread. Every commit is synced to the disk before it returns (WAL, synchronous=FULL): what was answered survives
// a power cut. https://www.sqlite.org/pragma.html#pragma_synchronous
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hort::store {

class Database {
  public:
    // Opens or creates. Fails, changing nothing, on a file that is damaged, no database, or of a newer Hort.
    static Result<std::unique_ptr<Database>> open(const std::string& path);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    class Row {
      public:
        explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
        std::int64_t integer(int column) const;
        std::string text(int column) const;

      private:
        sqlite3_stmt* statement_;
    };
    struct Value {                                                           // a bound parameter
        Value(std::int64_t value) : is_number(true), number(value) {}        // NOLINT: implicit on purpose
        Value(std::string_view value) : is_number(false), text(value) {}     // NOLINT: implicit on purpose
        Value(const std::string& value) : Value(std::string_view(value)) {}  // NOLINT: implicit on purpose
        Value(const char* value) : Value(std::string_view(value)) {}         // NOLINT: implicit on purpose
        bool is_number;
        std::int64_t number = 0;
        std::string_view text;
    };

    // Runs one statement; `each` is called for every row. Returns the number of rows changed. An error means
    // that nothing was done: a broken constraint, a full disk, a damaged file.
    Result<int> run(const char* sql, const std::vector<Value>& values = {},
                    const std::function<void(const Row&)>& each = {});
    std::int64_t last_id() const;

    // All of `work` or nothing: rolled back when it returns an error or throws.
    Status transaction(const std::function<Status()>& work);

  private:
    explicit Database(sqlite3* handle) : handle_(handle) {}
    Status migrate(const std::string& path);
    sqlite3* handle_;
};

}  // namespace hort::store
