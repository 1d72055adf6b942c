#include "daemon/identify.h"

#include <gtest/gtest.h>

namespace hort {
namespace {

using Names = std::vector<std::string>;

Names names(std::string path, Names arguments = {}, std::string cgroup = "/", std::string app_image = {},
            std::string steam_app = {}, std::string app_folder = {}) {
    return programs_of_process({1, 1001, std::move(path), std::move(arguments), std::move(cgroup), std::move(app_image),
                                std::move(steam_app), std::move(app_folder)});
}

TEST(IdentifyTest, AProgramIsItsFileByNameAndByPath) {
    EXPECT_EQ(names("/opt/Game/Game"), (Names{"game", "/opt/Game/Game"}));
    EXPECT_EQ(names("/usr/bin/minetest", {"minetest", "--go", "/home/mia/world"}),
              (Names{"minetest", "/usr/bin/minetest"}));
}

TEST(IdentifyTest, WhatAnInterpreterRunsIsTheProgramToo) {
    EXPECT_EQ(names("/usr/bin/python3.11", {"python3", "-u", "/home/mia/play.py", "x"}),
              (Names{"python3.11", "/usr/bin/python3.11", "play.py", "/home/mia/play.py"}));
    EXPECT_EQ(names("/usr/bin/bash", {"bash", "-c", "play.sh"}), (Names{"bash", "/usr/bin/bash"}));
    EXPECT_EQ(names("/usr/lib/jvm/bin/java", {"java", "-Xmx1G", "-jar", "minecraft.jar"}),
              (Names{"java", "/usr/lib/jvm/bin/java", "minecraft.jar"}));
    EXPECT_EQ(names("/usr/bin/busybox", {"busybox", "wget"}), (Names{"busybox", "/usr/bin/busybox", "wget"}));
    EXPECT_EQ(names("/usr/bin/vi", {"vi", "play.py"}), (Names{"vi", "/usr/bin/vi"})) << "an editor runs nothing";
}

TEST(IdentifyTest, ProgramsOfWindowsAreKnownByTheirNames) {
    EXPECT_EQ(names("/usr/lib/wine/wine64-preloader", {"C:\\Games\\RobloxPlayerBeta.EXE", "--play"}),
              (Names{"wine64-preloader", "/usr/lib/wine/wine64-preloader", "robloxplayerbeta.exe"}));
    EXPECT_EQ(names("/usr/bin/wine", {"wine", "/home/mia/game.exe"}), (Names{"wine", "/usr/bin/wine", "game.exe"}));
    // As Wine 8.0 shows "wine ping -n 60 x.exe", before and after it has begun.
    for (const auto& arguments : {std::vector<std::string>{"/usr/lib/wine/wine64", "ping", "-n", "60", "x.exe"},
                                  std::vector<std::string>{"ping", "-n", "60", "x.exe"}})
        EXPECT_EQ(names("/usr/lib/wine/wine64", arguments), (Names{"wine64", "/usr/lib/wine/wine64", "ping.exe"}));
    EXPECT_EQ(names("/usr/lib/wine/wineserver64", {"/usr/lib/wine/wineserver64", "-p0"}),
              (Names{"wineserver64", "/usr/lib/wine/wineserver64"}));
}

TEST(IdentifyTest, PackagesAreKnownByTheirIds) {
    const auto last = [](const Names& all) { return all.back(); };
    EXPECT_EQ(
        last(names("/app/bin/vlc", {},
                   "/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-org.videolan.VLC-1234.scope")),
        "org.videolan.vlc");
    EXPECT_EQ(last(names("/snap/chromium/1/chrome", {}, "/user.slice/app.slice/snap.chromium.chromium-5f6.scope")),
              "chromium");
    // Without a group of their own, where no user manager runs: by where they lie.
    EXPECT_EQ(
        last(names("/app/bin/vlc", {}, "/", {}, {}, "/var/lib/flatpak/app/org.videolan.VLC/x86_64/stable/0a1b/files")),
        "org.videolan.vlc");
    EXPECT_EQ(last(names("/home/mia/.local/share/flatpak/app/org.videolan.VLC/x86_64/stable/0a1b/files/bin/vlc")),
              "org.videolan.vlc");
    EXPECT_EQ(last(names("/snap/chromium/1/chrome")), "chromium");
    EXPECT_EQ(last(names("/tmp/.mount_x/game", {}, "/", "/home/mia/Game-1.2.AppImage")), "/home/mia/Game-1.2.AppImage");
    EXPECT_EQ(last(names("/home/mia/.steam/dota2", {}, "/", {}, "570")), "steam:570");
    EXPECT_EQ(last(names("/usr/bin/kate", {}, "/app.slice/app-gnome-org.kde.kate-77.scope")), "org.kde.kate.desktop");
    EXPECT_EQ(last(names("/usr/bin/x", {}, "/app.slice/app-gnome-my\\x2dgame-77.scope")), "my-game.desktop");
    EXPECT_EQ(last(names("/usr/lib/firefox", {}, "/app.slice/app-firefox@a1b2.service")), "firefox.desktop");
}

TEST(IdentifyTest, WhatAProcessWritesOfItselfTakesNoNameAway) {
    for (const Names& arguments : {Names{}, Names{""}, Names{"other"}, Names{std::string(4096, 'x')}})
        EXPECT_EQ(
            names("/opt/game", arguments, "/app-flatpak-.scope/snap..scope/app-.service/app-flatpak.scope", "x", "y")
                .front(),
            "game");
}

}  // namespace
}  // namespace hort
