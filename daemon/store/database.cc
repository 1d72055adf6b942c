#include "daemon/store/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "daemon/store/schema.h"

namespace hort::store {
namespace {

struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

}  // namespace

std::int64_t Database::Row::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string Database::Row::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text == nullptr ? std::string()
                           : std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
    const auto old_mask = umask(0077);  // only the daemon's account may read it
    sqlite3* handle = nullptr;
    const int rc = sqlite3_open_v2(path.c_str(), &handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    std::unique_ptr<Database> out(new Database(handle));
    if (rc != SQLITE_OK) {
        umask(old_mask);
        return Error{sqlite3_errstr(rc), path, "the folder must exist and be writable"};
    }
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, 2000);
    const std::string hint = "restore it from a backup, or move it aside to begin with an empty one";
    std::string check;
    auto checked = out->run("PRAGMA quick_check(1)", {}, [&](const Row& row) { check = row.text(0); });
    if (checked && check != "ok") checked = Error{"damaged: " + check, {}, {}};
    for (const char* pragma :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON", "PRAGMA trusted_schema=OFF",
          "PRAGMA cache_size=-512", "PRAGMA secure_delete=ON"})  // what is erased is overwritten
        if (checked) checked = out->run(pragma);
    umask(old_mask);
    if (!checked) return Error{"the database cannot be used: " + checked.error().what, path, hint};
    if (auto migrated = out->migrate(path); !migrated) return migrated.error();
    return out;
}

Database::~Database() { sqlite3_close(handle_); }

Status Database::migrate(const std::string& path) {
    std::int64_t version = 0;
    if (auto got = run("PRAGMA user_version", {}, [&](const Row& row) { version = row.integer(0); }); !got)
        return got.error();
    const auto newest = static_cast<std::int64_t>(std::size(migrations));
    if (version > newest)
        return Error{
            "the database is of version " + std::to_string(version) + ", this hortd knows " + std::to_string(newest),
            path, "install a newer Hort"};
    for (; version < newest; ++version) {
        auto done = transaction([&]() -> Status {
            char* message = nullptr;
            const std::string sql =
                std::string(migrations[version]) + "PRAGMA user_version=" + std::to_string(version + 1);
            if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return Done{};
            Error error{"cannot bring the database to version " + std::to_string(version + 1) + ": " +
                            (message != nullptr ? message : "?"),
                        path,
                        {}};
            sqlite3_free(message);
            return error;
        });
        if (!done) return done;
    }
    return Done{};
}

Result<int> Database::run(const char* sql, const std::vector<Value>& values,
                          const std::function<void(const Row&)>& each) {
    const auto fail = [&] { return Error{sqlite3_errmsg(handle_), "database", {}}; };
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(handle_, sql, -1, &raw, nullptr) != SQLITE_OK) return fail();
    const Statement statement(raw);
    int index = 0;
    for (const auto& value : values) {
        ++index;
        if (value.is_number)
            sqlite3_bind_int64(raw, index, value.number);
        else
            // A null pointer would be NULL.
            sqlite3_bind_text(raw, index, value.text.empty() ? "" : value.text.data(),
                              static_cast<int>(value.text.size()), SQLITE_TRANSIENT);
    }
    for (;;) {
        const int rc = sqlite3_step(raw);
        if (rc == SQLITE_DONE) return sqlite3_changes(handle_);
        if (rc != SQLITE_ROW) return fail();
        if (each) each(Row(raw));
    }
}

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_); }

Status Database::transaction(const std::function<Status()>& work) {
    if (auto begun = run("BEGIN IMMEDIATE"); !begun) return begun.error();
    const auto roll_back = [&] { (void)run("ROLLBACK"); };
    Status done = Done{};
    try {
        done = work();
    } catch (...) {
        roll_back();
        throw;
    }
    if (!done) {
        roll_back();
        return done;
    }
    if (auto committed = run("COMMIT"); !committed) {
        roll_back();
        return committed.error();
    }
    return Done{};
}

}  // namespace hort::store
