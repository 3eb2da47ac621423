from pmsite.cli import main

main()
