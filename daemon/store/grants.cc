#include "daemon/store/grants.h"

namespace hort::store {
namespace {

constexpr int max_open_requests = 20;
constexpr const char* request_columns =
    "SELECT requests.id, person, people.name, requests.kind, subject, why, seconds, made, state, answer, answered "
    "FROM requests JOIN people ON person = people.id ";

RequestRecord request_of(const Database::Row& row) {
    RequestRecord out;
    out.id = row.integer(0);
    out.person = row.integer(1);
    out.child = row.text(2);
    out.kind = row.text(3);
    out.subject = row.text(4);
    out.why = row.text(5);
    out.seconds = row.integer(6);
    out.made = row.integer(7);
    out.state = row.text(8);
    out.answer = row.text(9);
    out.answered = row.integer(10);
    return out;
}

}  // namespace

Result<std::vector<GrantRecord>> Grants::all() const {
    std::vector<GrantRecord> out;
    const auto read = database_.run(
        "SELECT id, person, kind, subject, until_wall IS NOT NULL, until_wall, until_boot, boot FROM grants ORDER BY "
        "id",
        {}, [&](const Database::Row& row) {
            GrantRecord grant{row.integer(0), row.integer(1), row.text(2), row.text(3), {}, row.text(7)};
            if (row.integer(4) != 0) grant.until = Moment{row.integer(5), row.integer(6)};
            out.push_back(std::move(grant));
        });
    if (!read) return read.error();
    return out;
}

Status Grants::put(std::int64_t person, const GrantRecord& grant, const Moment& now, const By& by) {
    auto run = database_.run(
        "DELETE FROM grants WHERE until_wall IS NOT NULL AND "
        "CASE WHEN boot = ? THEN until_boot <= ? ELSE until_wall <= ? END",
        {grant.boot, now.boot_seconds, now.wall_seconds});
    // Of two pauses the newer one holds, and so of two grants of the same thing.
    if (run && grant.kind != "bonus")
        run = database_.run("DELETE FROM grants WHERE person = ? AND kind = ? AND subject = ?",
                            {person, grant.kind, grant.subject});
    if (run && grant.until)
        run = database_.run(
            "INSERT INTO grants (person, kind, subject, until_wall, until_boot, boot, given, giver) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            {person, grant.kind, grant.subject, grant.until->wall_seconds, grant.until->boot_seconds, grant.boot,
             by.time, by.actor});
    else if (run)
        run = database_.run("INSERT INTO grants (person, kind, subject, boot, given, giver) VALUES (?, ?, ?, ?, ?, ?)",
                            {person, grant.kind, grant.subject, grant.boot, by.time, by.actor});
    return run ? Status(Done{}) : Status(run.error());
}

Status Grants::put(const Given& given, const Moment& now, const By& by) {
    for (const auto& grant : given.grants)
        if (auto done = put(grant.person, grant, now, by); !done) return done;
    for (const auto& reserve : given.reserves) {
        const auto run = database_.run(
            "INSERT INTO reserves (person, day, scope, seconds) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (person, day, scope) DO UPDATE SET seconds = seconds + excluded.seconds",
            {reserve.person, std::int64_t{reserve.day}, reserve.key, reserve.seconds});
        if (!run) return run.error();
    }
    return Done{};
}

Status Grants::give(const Given& given, const Moment& now, const std::string& action, const std::string& said,
                    const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        if (auto done = put(given, now, by); !done) return done;
        return trail.is(action, said);
    });
}

Result<std::int64_t> Grants::resume(const std::vector<std::int64_t>& people, const std::string& said, const By& by) {
    std::int64_t count = 0;
    const auto done = change_settings(database_, by, [&](Said& trail) -> Status {
        for (const auto person : people) {
            const auto run = database_.run("DELETE FROM grants WHERE person = ? AND kind = 'pause'", {person});
            if (!run) return run.error();
            count += *run;
        }
        return trail.is("resume", said);
    });
    if (!done) return done.error();
    return count;
}

Result<std::vector<RequestRecord>> Grants::requests(bool open_only) const {
    std::vector<RequestRecord> out;
    const auto sql = std::string(request_columns) + (open_only ? "WHERE state = 'open' " : "") +
                     "ORDER BY requests.id DESC LIMIT 100";
    const auto read =
        database_.run(sql.c_str(), {}, [&](const Database::Row& row) { out.insert(out.begin(), request_of(row)); });
    if (!read) return read.error();
    return out;
}

Result<RequestRecord> Grants::request(std::int64_t id) const {
    std::optional<RequestRecord> out;
    const auto sql = std::string(request_columns) + "WHERE requests.id = ?";
    const auto read = database_.run(sql.c_str(), {id}, [&](const Database::Row& row) { out = request_of(row); });
    if (!read) return read.error();
    if (!out) return Error{"there is no request " + std::to_string(id), {}, "'hortctl requests' shows their numbers"};
    return *std::move(out);
}

Result<std::int64_t> Grants::ask(const RequestRecord& request, const By& by) {
    std::int64_t id = 0;
    const auto done = change_settings(database_, by, [&](Said& trail) -> Status {
        std::int64_t open = 0;
        auto run = database_.run("SELECT count(*) FROM requests WHERE person = ? AND state = 'open'", {request.person},
                                 [&](const Database::Row& row) { open = row.integer(0); });
        if (open >= max_open_requests)
            return Error{"20 requests wait for an answer already", {}, "let them be answered first"};
        if (run)
            run = database_.run(
                "INSERT INTO requests (person, kind, subject, seconds, why, made) VALUES (?, ?, ?, ?, ?, ?)",
                {request.person, request.kind, request.subject, request.seconds, request.why, request.made});
        if (!run) return run.error();
        id = database_.last_id();
        return trail.is("ask", request.child + " " + request.kind + " " + request.subject);
    });
    if (!done) return done.error();
    return id;
}

Status Grants::answer(std::int64_t id, const std::string& state, const std::string& answer, const Given& given,
                      const Moment& now, const By& by) {
    return change_settings(database_, by, [&](Said& trail) -> Status {
        const auto run =
            database_.run("UPDATE requests SET state = ?, answer = ?, answered = ? WHERE id = ? AND state = 'open'",
                          {state, answer, by.time, id});
        if (!run) return run.error();
        if (*run == 0) return Error{"request " + std::to_string(id) + " was answered before, or never made", {}, {}};
        if (auto done = put(given, now, by); !done) return done;
        return trail.is(state, "request " + std::to_string(id));
    });
}

}  // namespace hort::store
