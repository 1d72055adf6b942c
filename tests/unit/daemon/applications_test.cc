#include "daemon/applications.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace hort {
namespace {

TEST(ApplicationsTest, ADesktopFileNamesAProgramAndWhatItIsCalled) {
    const auto file = parse_desktop_file(
        "[Desktop Entry]\nType=Application\nName=Luanti\nName[de]=Anders\nExec=env A=b /usr/games/minetest --x %U\n"
        "[Desktop Action new]\nName=Other\nExec=other\n");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->title, "Luanti");
    EXPECT_EQ(file->program, "minetest");
    EXPECT_EQ(
        parse_desktop_file("[Desktop Entry]\nType=Application\nName=VLC\nExec=/usr/bin/flatpak run org.videolan.VLC\n")
            ->program,
        "");
    EXPECT_EQ(parse_desktop_file("[Desktop Entry]\nType=Application\nName=x\nExec=\"/opt/a b/game\" %f\n")->program,
              "game");
}

TEST(ApplicationsTest, WhatIsNotShownOrIsNoneIsNone) {
    for (const char* text :
         {"", "x", "[Desktop Entry]\nType=Link\nName=x\n", "[Desktop Entry]\nType=Application\n",
          "Type=Application\nName=x\n", "[Desktop Entry]\nType=Application\nName=x\nNoDisplay=true\n",
          "[Desktop Entry\nName=\n=\n", "[Desktop Entry]\nType=Application\nName=x\nHidden=true"})
        EXPECT_FALSE(parse_desktop_file(text)) << text;
}

TEST(ApplicationsTest, AProcessIsKnownByItsDesktopFileItsServiceOrItsPackage) {
    const auto folder = testing::TempDir() + "applications";
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/net.minetest.minetest.desktop")
        << "[Desktop Entry]\nType=Application\nName=Luanti\nExec=minetest\n";
    Applications applications({folder, folder + "/none"});
    applications.refresh();
    const auto name = [&](std::string path, std::string cgroup = "/", std::string app_image = {}) {
        return applications.name_of({1, 1001, std::move(path), {}, std::move(cgroup), std::move(app_image), {}});
    };
    EXPECT_EQ(name("/usr/games/minetest"), "minetest");
    EXPECT_EQ(applications.title_of("minetest"), "Luanti");
    EXPECT_EQ(name("/opt/steam"), "steam");
    EXPECT_EQ(applications.title_of("steam"), "Steam");
    EXPECT_EQ(name("/app/bin/x", "/app.slice/app-flatpak-org.example.Game-1.scope"), "org.example.game");
    EXPECT_EQ(name("/tmp/.mount/AppRun", "/", "/home/mia/Game.AppImage"), "game.appimage");
    EXPECT_EQ(name("/usr/bin/dbus-daemon"), "");
    std::filesystem::remove(folder + "/net.minetest.minetest.desktop");
    applications.refresh();
    EXPECT_EQ(name("/usr/games/minetest"), "");
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace hort
